"""Pages of a list, newest first: `?limit=20&cursor=…`."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts import keyset

Row = TypeVar("Row", bound=Model)
DEFAULT_LIMIT = 20
MAX_LIMIT = 100

PARAMETERS = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        description="How many at most.",
    ),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before."),
]


def page(rows: QuerySet[Row], request: Request) -> tuple[list[Row], str | None]:
    """One page of `rows` by descending key, and the cursor of the next one."""
    limit = _limit(request.query_params.get("limit", str(DEFAULT_LIMIT)))
    cursor = request.query_params.get("cursor")
    try:
        found = keyset.newest_first(rows, limit=limit, cursor=cursor)
    except keyset.InvalidCursor as exc:
        raise ValidationError({"cursor": "This is not a cursor of ours."}) from exc
    return found.rows, found.next_cursor


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise ValidationError({"limit": f"Give a number from 1 to {MAX_LIMIT}."})
