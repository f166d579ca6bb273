"""Keyset pages over a growing number: nothing is skipped or doubled while rows are added."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


class InvalidCursor(ValueError):
    pass


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[Row]
    next_cursor: str | None


def newest_first(
    rows: QuerySet[Row], *, field: str = "pk", limit: int, cursor: str | None = None
) -> Page[Row]:
    """The page after `cursor`, ordered by `-field`. Raises InvalidCursor."""
    ordered = rows.order_by(f"-{field}")
    if cursor:
        ordered = ordered.filter(**{f"{field}__lt": _position(cursor)})
    found = list(ordered[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    return Page(found[:limit], _cursor(getattr(found[limit - 1], field)))


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def _position(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = int(text) if text.isdigit() else 0
    except (binascii.Error, ValueError) as exc:
        raise InvalidCursor(cursor) from exc
    if not 0 < position < 2**63:
        raise InvalidCursor(cursor)
    return position
