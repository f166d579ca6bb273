"""Lists of the API, newest first and a page at a time: `?limit=20&cursor=…`."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers

from accounts import keyset

Row = TypeVar("Row", bound=Model)
MAX_LIMIT = 100


class PageQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_LIMIT, default=20, help_text="How many at most."
    )
    cursor = serializers.CharField(
        required=False, max_length=100, help_text="`next_cursor` of the page before."
    )


def page(rows: QuerySet[Row], asked: dict[str, Any], *, field: str = "pk") -> keyset.Page[Row]:
    """The page of `rows` that a valid PageQuery asks for. Raises DRF's ValidationError."""
    try:
        return keyset.newest_first(
            rows, field=field, limit=asked["limit"], cursor=asked.get("cursor")
        )
    except keyset.InvalidCursor:
        message = "Use the next_cursor of the page before."
        raise serializers.ValidationError({"cursor": message}) from None
