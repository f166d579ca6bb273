"""Keyset pages: as quick at depth 90,000 as on the first page, and stable while rows are added."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.serializers import ErrorDetail, ValidationError


def page(rows: QuerySet[Any], *, cursor: str | None, limit: int) -> tuple[list[Any], str | None]:
    """Up to `limit` rows, newest first, and the cursor of the next page or None."""
    if cursor:
        rows = rows.filter(pk__lt=_decode(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    following = _encode(found[limit - 1]) if len(found) > limit else None
    return found[:limit], following


def _encode(row: Model) -> str:
    return base64.urlsafe_b64encode(f"before:{row.pk}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        kind, _, number = text.partition(":")
        if kind == "before" and number.isascii() and number.isdigit() and len(number) < 19:
            return int(number)
    except (binascii.Error, ValueError):
        pass
    message = "Use the next_cursor of the page before."
    raise ValidationError({"cursor": ErrorDetail(message, code="invalid")})
