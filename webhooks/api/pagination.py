"""Pages of a list, newest first: `?limit=20&cursor=…`."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

Row = TypeVar("Row", bound=Model)
DEFAULT_LIMIT = 20
MAX_LIMIT = 100
# What fits the largest primary key.
CURSOR_LENGTH = 32

PARAMETERS = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        description="How many at most.",
    ),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before."),
]


def page(rows: QuerySet[Row], request: Request) -> tuple[list[Row], str | None]:
    """One page of `rows`, which are ordered by descending key, and the cursor of the next one."""
    limit = _limit(request.query_params.get("limit", str(DEFAULT_LIMIT)))
    if cursor := request.query_params.get("cursor"):
        rows = rows.filter(pk__lt=_decode(cursor))
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], urlsafe_b64encode(str(found[limit - 1].pk).encode()).decode()


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise ValidationError({"limit": f"Give a number from 1 to {MAX_LIMIT}."})


def _decode(cursor: str) -> int:
    try:
        if len(cursor) > CURSOR_LENGTH:
            raise ValueError
        key = urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
        if not key.isdigit() or len(key) > 18:
            raise ValueError
        return int(key)
    except ValueError as exc:  # not Base64, not ASCII, not a number
        raise ValidationError({"cursor": "This is not a cursor of ours."}) from exc
