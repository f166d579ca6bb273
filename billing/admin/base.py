from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from billing.amounts import to_micro, to_text

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


class CreditsFormField(forms.DecimalField):
    """Credits for people, micro-credits for the column."""

    def __init__(self, **options: Any) -> None:
        options.pop("min_value", None)
        options.pop("max_value", None)
        super().__init__(min_value=0, max_digits=16, decimal_places=6, **options)

    def prepare_value(self, value: Any) -> Any:
        return to_text(value) if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        credits = super().clean(value)
        return None if credits is None else to_micro(credits)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)
