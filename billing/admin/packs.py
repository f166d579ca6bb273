from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from billing import currencies, packs
from billing.admin.base import CreditsFormField, FrozenWithItsParent
from billing.amounts import to_text
from billing.errors import UnsaleablePack
from billing.models import Pack, PackPrice


class PackPriceInline(FrozenWithItsParent):
    model = PackPrice
    verbose_name_plural = "Prices in further currencies"


@admin.register(Pack)
class PackAdmin(admin.ModelAdmin[Pack]):
    """Terms are edited while a pack is a draft. On sale, only its name and place may change."""

    list_display = [
        "name",
        "slug",
        "version",
        "credits_in_it",
        "price",
        "is_active",
        "published_at",
        "ordering",
    ]
    list_editable = ["ordering"]
    list_filter = ["is_active", "slug"]
    fields = [
        "slug",
        "version",
        "name",
        "credits",
        "amount",
        "currency",
        "stripe_price_id",
        "ordering",
        "is_active",
        "published_at",
    ]
    inlines = [PackPriceInline]
    actions = ["draft_next", "put_on_sale", "withdraw"]

    def get_readonly_fields(self, request: HttpRequest, obj: Pack | None = None) -> tuple[str, ...]:
        always = ("version", "is_active", "published_at")
        return (*Pack.TERMS, *always) if obj and obj.published_at else always

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Asked without an object for a bulk deletion, which could take a sold pack along.
        is_draft = obj is not None and obj.published_at is None
        return is_draft and super().has_delete_permission(request, obj)

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> Any:
        if db_field.name == "credits":
            return CreditsFormField(label="Credits")
        return super().formfield_for_dbfield(db_field, request, **options)

    def save_model(self, request: HttpRequest, obj: Pack, form: Any, change: bool) -> None:
        if not change:
            obj.version = packs.next_version(obj.slug)
        super().save_model(request, obj, form, change)

    @admin.display(description="credits", ordering="credits")
    def credits_in_it(self, row: Pack) -> str:
        return to_text(row.credits)

    @admin.display(description="price", ordering="amount")
    def price(self, row: Pack) -> str:
        return currencies.to_text(row.amount, row.currency)

    @admin.action(description="Draft the next version from this one", permissions=["add"])
    def draft_next(self, request: HttpRequest, queryset: QuerySet[Pack]) -> None:
        for pack in queryset:
            draft = packs.draft_from(pack)
            self.log_addition(request, draft, f"Drafted from version {pack.version}")
            messages.info(request, f"Version {draft.version} of {draft.slug} was drafted.")

    @admin.action(description="Put on sale", permissions=["change"])
    def put_on_sale(self, request: HttpRequest, queryset: QuerySet[Pack]) -> None:
        for pack in queryset.order_by("version"):
            version = f"Version {pack.version} of {pack.slug}"
            try:
                packs.put_on_sale(pack)
            except UnsaleablePack as exc:
                messages.error(request, f"{version} is not on sale. {exc}")
            else:
                self.log_change(request, pack, "Put on sale")
                messages.success(request, f"{version} is on sale.")

    @admin.action(description="Take off sale", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Pack]) -> None:
        for pack in queryset:
            packs.withdraw(pack)
            self.log_change(request, pack, "Taken off sale")
            messages.success(request, f"{pack} is not on sale any more.")
