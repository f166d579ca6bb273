from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from billing.fields import CreditsFormField

__all__ = ["CreditsFormField", "ReadOnlyAdmin", "ReadOnlyInline"]

Row = TypeVar("Row", bound=models.Model)


class ReadOnlyAdmin(admin.ModelAdmin[Row]):
    """Shown to those who may view; added, changed and deleted by nobody."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline[Row, Any]):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
