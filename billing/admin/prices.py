from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from billing import prices
from billing.admin.base import CreditsFormField
from billing.amounts import to_text
from billing.errors import InvalidPriceBook
from billing.models import Margin, OperationRate, PriceBook, UnitPrice


def _is_frozen(book: PriceBook | None) -> bool:
    return book is not None and book.published_at is not None


class DraftInline(admin.TabularInline[Any, PriceBook]):
    """Rows of a book: editable until it is published."""

    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: PriceBook | None = None) -> bool:
        return not _is_frozen(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: PriceBook | None = None) -> bool:
        return not _is_frozen(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PriceBook | None = None) -> bool:
        return not _is_frozen(obj) and super().has_delete_permission(request, obj)


class UnitPriceInline(DraftInline):
    model = UnitPrice

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> Any:
        if db_field.name == "credits":
            return CreditsFormField(label="Credits a unit")
        return super().formfield_for_dbfield(db_field, request, **options)


class MarginInline(DraftInline):
    model = Margin


class OperationRateInline(DraftInline):
    model = OperationRate
    verbose_name_plural = "Operations without a documented price"


@admin.register(PriceBook)
class PriceBookAdmin(admin.ModelAdmin[PriceBook]):
    list_display = ["version", "note", "prices", "published_at"]
    fields = ["version", "note", "published_at"]
    readonly_fields = ["version", "published_at"]
    inlines = [UnitPriceInline, MarginInline, OperationRateInline]
    actions = ["draft_next", "publish"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PriceBook]:
        return super().get_queryset(request).prefetch_related("unit_prices")

    def has_change_permission(self, request: HttpRequest, obj: PriceBook | None = None) -> bool:
        return not _is_frozen(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PriceBook | None = None) -> bool:
        # Asked without an object for a bulk deletion, which could take a published book along.
        return obj is not None and not _is_frozen(obj) and super().has_delete_permission(request)

    def save_model(self, request: HttpRequest, obj: PriceBook, form: Any, change: bool) -> None:
        if not change:
            obj.version = prices.next_version()
        super().save_model(request, obj, form, change)

    @admin.display(description="credits a unit")
    def prices(self, row: PriceBook) -> str:
        return ", ".join(
            f"{unit.unit_type} {to_text(unit.credits)}" for unit in row.unit_prices.all()
        )

    @admin.action(description="Draft the next version from this one", permissions=["add"])
    def draft_next(self, request: HttpRequest, queryset: QuerySet[PriceBook]) -> None:
        for book in queryset:
            messages.info(request, f"{prices.draft_from(book)} was drafted.")

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[PriceBook]) -> None:
        for book in queryset.order_by("version"):
            try:
                messages.success(request, f"{prices.publish(book)} is in force.")
            except InvalidPriceBook as exc:
                messages.error(request, f"{book}: {exc}")
