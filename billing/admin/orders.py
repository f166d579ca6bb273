from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from billing import currencies, inbox, orders
from billing.admin.base import ReadOnlyAdmin, ReadOnlyInline
from billing.amounts import to_text
from billing.errors import PaymentUnavailable
from billing.models import Order, OrderChange, StripeEvent
from worker import doorbell


class OrderChangeInline(ReadOnlyInline[OrderChange]):
    model = OrderChange
    fields = ("created_at", "was", "now", "reason")
    readonly_fields = fields


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin[Order]):
    list_display = ["public_id", "workspace", "pack", "credits_bought", "price", "state", "paid_at"]
    list_filter = ["state", "livemode"]
    list_select_related = ["workspace"]
    search_fields = [
        "public_id",
        "stripe_session_id",
        "stripe_payment_intent",
        "workspace__name",
        "workspace__public_id",
    ]
    date_hierarchy = "created_at"
    inlines = [OrderChangeInline]
    actions = ["sync_with_stripe"]

    @admin.display(description="credits", ordering="credits")
    def credits_bought(self, row: Order) -> str:
        return to_text(row.credits)

    @admin.display(description="price", ordering="amount")
    def price(self, row: Order) -> str:
        return currencies.to_text(row.amount, row.currency)

    @admin.action(description="Fetch from Stripe and bring up to date", permissions=["view"])
    def sync_with_stripe(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        for order in queryset:
            try:
                synced = orders.sync_order(order)
            except PaymentUnavailable as exc:
                messages.error(request, f"{order}: {exc}")
            else:
                messages.info(request, f"{order}: {synced.get_state_display()}")


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin[StripeEvent]):
    list_display = ["event_id", "type", "object_id", "state", "attempts", "received_at"]
    list_filter = ["state", "type", "livemode"]
    search_fields = ["event_id", "object_id"]
    actions = ["work_again"]

    @admin.action(description="Work again", permissions=["view"])
    def work_again(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> None:
        with transaction.atomic():
            pks = list(queryset.values_list("pk", flat=True))
            StripeEvent.objects.filter(pk__in=pks).update(
                state=StripeEvent.State.NEW, attempts=0, due_at=timezone.now(), finished_at=None
            )
            for pk in pks:
                doorbell.ring(inbox.PROCESS, pk)
        messages.info(request, f"{len(pks)} events are queued.")
