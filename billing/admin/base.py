from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from billing.fields import CreditsFormField

__all__ = [
    "CreditsFormField",
    "FrozenWithItsParent",
    "is_frozen",
]


def is_frozen(obj: Any) -> bool:
    """Whether it was published or on sale, and its terms are final."""
    return obj is not None and obj.published_at is not None


class FrozenWithItsParent(admin.TabularInline[Any, Any]):
    """Rows that can be edited until what they belong to is published."""

    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not is_frozen(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not is_frozen(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not is_frozen(obj) and super().has_delete_permission(request, obj)
