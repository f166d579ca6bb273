from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.read_only import ReadOnlyAdmin, ReadOnlyInline
from billing import currencies
from billing.amounts import to_text
from billing.errors import PaymentUnavailable
from billing.models import CardConsent, SavedCard, TopUp, TopUpChange, TopUpRule
from billing.top_ups import charging, rules


@admin.register(CardConsent)
class CardConsentAdmin(ReadOnlyAdmin[CardConsent]):
    """What was agreed to, by whom, when and from where: evidence in a dispute."""

    list_display = ["public_id", "workspace", "terms_version", "given_by_email", "given_at"]
    list_select_related = ["workspace"]
    search_fields = ["public_id", "given_by_email", "workspace__name", "workspace__public_id"]


@admin.register(SavedCard)
class SavedCardAdmin(ReadOnlyAdmin[SavedCard]):
    list_display = ["__str__", "workspace", "expiry", "created_at", "removed_at", "detached_at"]
    list_select_related = ["workspace"]
    search_fields = ["stripe_id", "last4", "workspace__name", "workspace__public_id"]


@admin.register(TopUpRule)
class TopUpRuleAdmin(ReadOnlyAdmin[TopUpRule]):
    list_display = ["workspace", "is_on", "below", "pack", "limit", "next_at", "off_reason"]
    list_filter = ["is_on"]
    list_select_related = ["workspace"]
    search_fields = ["workspace__name", "workspace__public_id"]
    actions = ["switch_off"]

    @admin.display(description="below (credits)", ordering="threshold")
    def below(self, row: TopUpRule) -> str:
        return to_text(row.threshold)

    @admin.display(description="limit a month")
    def limit(self, row: TopUpRule) -> str:
        return currencies.to_text(row.monthly_cap, row.currency)

    def has_switch_off_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_topuprule")

    @admin.action(description="Switch off, and tell the workspace", permissions=["switch_off"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[TopUpRule]) -> None:
        for rule in queryset.select_related("workspace"):
            with transaction.atomic():
                reason = "Switched off by the operator."
                if rules.turn_off(rule.workspace, reason=reason, tell=True):
                    self.log_change(request, rule, reason)
            messages.info(request, f"{rule} is off.")


class TopUpChangeInline(ReadOnlyInline[TopUpChange]):
    model = TopUpChange
    fields = ("created_at", "was", "now", "reason")
    readonly_fields = fields


@admin.register(TopUp)
class TopUpAdmin(ReadOnlyAdmin[TopUp]):
    list_display = ["public_id", "workspace", "order", "card", "state", "decline", "created_at"]
    list_filter = ["state"]
    list_select_related = ["workspace", "order", "card"]
    search_fields = ["public_id", "order__public_id", "order__stripe_payment_intent"]
    date_hierarchy = "created_at"
    inlines = [TopUpChangeInline]
    actions = ["go_on"]

    @admin.action(description="Ask Stripe, and go on", permissions=["view"])
    def go_on(self, request: HttpRequest, queryset: QuerySet[TopUp]) -> None:
        for top_up in queryset:
            try:
                now = charging.proceed(top_up)
            except PaymentUnavailable as exc:
                messages.error(request, f"{top_up}: {exc.in_full}")
            else:
                messages.info(request, f"{top_up}: {now.get_state_display()}")
