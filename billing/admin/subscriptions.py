from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.read_only import ReadOnlyAdmin, ReadOnlyInline
from billing import currencies
from billing.admin.base import CreditsFormField, is_frozen
from billing.amounts import to_text
from billing.errors import PaymentUnavailable, UnsaleablePlan
from billing.models import (
    Subscription,
    SubscriptionChange,
    SubscriptionGrant,
    SubscriptionPlan,
)
from billing.subscriptions import plans, starting


@admin.register(SubscriptionPlan)
class SubscriptionPlanAdmin(admin.ModelAdmin[SubscriptionPlan]):
    """Terms are edited until a plan is on sale. Then only its name and place may change."""

    list_display = ["name", "slug", "credits_a_month", "price", "roll_over", "is_active"]
    list_filter = ["is_active"]
    fields = [
        "slug",
        "name",
        "credits",
        "amount",
        "currency",
        "stripe_price_id",
        "roll_over",
        "roll_over_months",
        "roll_over_cap",
        "workspace_plan",
        "ordering",
        "is_active",
        "published_at",
    ]
    actions = ["put_on_sale", "withdraw"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        always = ("is_active", "published_at")
        return (*SubscriptionPlan.TERMS, *always) if is_frozen(obj) else always

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Asked without an object for a bulk deletion, which could take a sold plan along.
        is_draft = obj is not None and not is_frozen(obj)
        return is_draft and super().has_delete_permission(request, obj)

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **options: Any
    ) -> Any:
        if db_field.name == "credits":
            return CreditsFormField(label="Credits a month")
        if db_field.name == "roll_over_cap":
            return CreditsFormField(
                label="Cap", required=False, help_text="Credits; of “Stay, up to a cap”."
            )
        return super().formfield_for_dbfield(db_field, request, **options)

    @admin.display(description="credits a month", ordering="credits")
    def credits_a_month(self, row: SubscriptionPlan) -> str:
        return to_text(row.credits)

    @admin.display(description="price a month", ordering="amount")
    def price(self, row: SubscriptionPlan) -> str:
        return currencies.to_text(row.amount, row.currency)

    @admin.action(description="Put on sale", permissions=["change"])
    def put_on_sale(self, request: HttpRequest, queryset: QuerySet[SubscriptionPlan]) -> None:
        for plan in queryset:
            try:
                plans.put_on_sale(plan)
            except (UnsaleablePlan, PaymentUnavailable) as exc:
                messages.error(request, f"{plan} is not on sale. {exc}")
            else:
                self.log_change(request, plan, "Put on sale")
                messages.success(request, f"{plan} is on sale.")

    @admin.action(description="Take off sale", permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[SubscriptionPlan]) -> None:
        for plan in queryset:
            plans.withdraw(plan)
            self.log_change(request, plan, "Taken off sale")
            messages.success(request, f"{plan} is not on sale any more.")


class SubscriptionChangeInline(ReadOnlyInline[SubscriptionChange]):
    model = SubscriptionChange
    fields = ("created_at", "was", "now", "reason")
    readonly_fields = fields


class SubscriptionGrantInline(ReadOnlyInline[SubscriptionGrant]):
    model = SubscriptionGrant
    fields = ("key", "order", "plan", "amount", "period_end", "expires_at")
    readonly_fields = fields

    @admin.display(description="credits")
    def amount(self, row: SubscriptionGrant) -> str:
        return to_text(row.credits)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin[Subscription]):
    list_display = ["public_id", "workspace", "plan", "status", "period_end", "cancel_at"]
    list_filter = ["status", "plan", "livemode"]
    list_select_related = ["workspace", "plan"]
    search_fields = ["public_id", "stripe_id", "workspace__name", "workspace__public_id"]
    inlines = [SubscriptionGrantInline, SubscriptionChangeInline]
    actions = ["sync_with_stripe"]

    @admin.action(description="Fetch from Stripe and bring up to date", permissions=["view"])
    def sync_with_stripe(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        for subscription in queryset:
            try:
                now = starting.refresh(subscription)
            except PaymentUnavailable as exc:
                messages.error(request, f"{subscription}: {exc.in_full}")
            else:
                messages.info(request, f"{subscription}: {now.status_name}")
