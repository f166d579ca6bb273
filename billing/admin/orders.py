from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.read_only import ReadOnlyAdmin, ReadOnlyInline
from billing import currencies, orders, refunds
from billing.admin.refund_form import RefundForm
from billing.amounts import to_text
from billing.errors import PaymentUnavailable, RefundRefused
from billing.models import CreditAccount, Dispute, Order, OrderChange, OrderNote, OrderState, Refund

TIMES = ("created_at", "paid_at", "expires_at", "canceled_at", "synced_at")
AT_STRIPE = (
    "livemode",
    "stripe_account",
    "stripe_session_id",
    "stripe_payment_intent",
    "stripe_invoice",
    "stripe_price_id",
    "allows_free",
    "checkout_request",
)


class OrderChangeInline(ReadOnlyInline[OrderChange]):
    model = OrderChange
    fields = ("created_at", "was", "now", "reason")
    readonly_fields = fields


class MoneyBackInline(ReadOnlyInline[Any]):
    """Rows with an amount in the order's currency."""

    @admin.display(description="amount")
    def money(self, row: Refund | Dispute) -> str:
        return currencies.to_text(row.amount, row.order.currency)


class RefundInline(MoneyBackInline):
    model = Refund
    fields = ("created_at", "money", "status", "reason", "failure", "requested_by", "stripe_id")
    readonly_fields = fields


class DisputeInline(MoneyBackInline):
    model = Dispute
    fields = ("created_at", "money", "taken", "reason", "status", "due_by", "stripe_id")
    readonly_fields = fields

    @admin.display(description="taken by the bank")
    def taken(self, row: Dispute) -> str:
        return currencies.to_text(row.lost, row.order.currency)


class OrderNoteInline(ReadOnlyInline[OrderNote]):
    model = OrderNote
    fields = ("created_at", "author", "text")
    readonly_fields = fields


@admin.register(OrderNote)
class OrderNoteAdmin(ReadOnlyAdmin[OrderNote]):
    """Notes are written, and then stay."""

    list_display = ["order", "text", "author", "created_at"]
    list_select_related = ["order", "author"]
    fields = ["order", "text"]
    raw_id_fields = ["order"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.add_ordernote")

    def save_model(self, request: HttpRequest, obj: OrderNote, form: Any, change: bool) -> None:
        assert request.user.is_authenticated
        obj.author = request.user
        super().save_model(request, obj, form, change)


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin[Order]):
    list_display = [
        "public_id",
        "workspace",
        "origin",
        "pack",
        "credits_bought",
        "price",
        "state",
        "taken_back",
        "attention",
        "paid_at",
    ]
    list_filter = [
        "state",
        "origin",
        "livemode",
        ("attention", admin.EmptyFieldListFilter),
        "currency",
    ]
    list_select_related = ["workspace"]
    search_fields = [
        "public_id",
        "stripe_session_id",
        "stripe_payment_intent",
        "workspace__name",
        "workspace__public_id",
    ]
    date_hierarchy = "created_at"
    inlines = [OrderNoteInline, RefundInline, DisputeInline, OrderChangeInline]
    actions = ["sync_with_stripe"]
    change_form_template = "billing/admin_order.html"

    fieldsets = [
        (
            None,
            {
                "fields": [
                    "public_id",
                    "workspace",
                    "pack",
                    "credits_bought",
                    "price",
                    "paid",
                    "state",
                    "attention",
                    "went_back",
                    "taken_back",
                    "evidence",
                ]
            },
        ),
        ("Who and when", {"fields": ["created_by", "buyer_address", *TIMES]}),
        ("At Stripe", {"fields": ["customer", *AT_STRIPE]}),
    ]

    @admin.display(description="credits", ordering="credits")
    def credits_bought(self, row: Order) -> str:
        return to_text(row.credits)

    @admin.display(description="price", ordering="amount")
    def price(self, row: Order) -> str:
        return currencies.to_text(row.amount, row.currency)

    @admin.display(description="paid, with tax and discount")
    def paid(self, row: Order) -> str:
        if row.state != OrderState.PAID or row.amount_total is None:
            return ""
        return currencies.to_text(row.amount_total, row.currency)

    @admin.display(description="money that went back")
    def went_back(self, row: Order) -> str:
        return currencies.to_text(row.lost, row.currency) if row.lost else ""

    @admin.display(description="credits taken back", ordering="clawed")
    def taken_back(self, row: Order) -> str:
        return to_text(row.clawed) if row.clawed else ""

    @admin.display(description="evidence")
    def evidence(self, row: Order) -> SafeString | str:
        """What the workspace did with its credits: the answer to “I never got anything”."""
        account = CreditAccount.objects.filter(workspace=row.workspace_id).first()
        if account is None:
            return ""
        return format_html(
            '<a href="{}?account__id__exact={}">Entries of the workspace</a>',
            reverse("admin:billing_entry_changelist"),
            account.pk,
        )

    @admin.action(description="Fetch from Stripe and bring up to date", permissions=["view"])
    def sync_with_stripe(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        for order in queryset:
            try:
                synced = orders.sync_order(order)
            except PaymentUnavailable as exc:
                messages.error(request, f"{order}: {exc.in_full}")
            else:
                messages.info(request, f"{order}: {synced.get_state_display()}")

    def get_urls(self) -> list[URLPattern]:
        refund = self.admin_site.admin_view(self.refund)
        pages = [path("<int:pk>/refund/", refund, name="billing_order_refund")]
        return [*pages, *super().get_urls()]

    def refund(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm("billing.add_refund"):
            raise PermissionDenied
        order = get_object_or_404(Order, pk=pk)
        form = RefundForm(request.POST or None, order=order)
        if form.is_valid():
            try:
                made = _refund(request, order, form.cleaned_data)
            except RefundRefused as exc:
                form.add_error("amount", str(exc))
            else:
                messages.success(request, f"Refund {made.public_id}: {made.status}.")
                return redirect("admin:billing_order_change", order.pk)
        context = {**self.admin_site.each_context(request), "form": form, "order": order}
        return render(request, "billing/admin_refund.html", context | {"title": "Refund"})


def _refund(request: HttpRequest, order: Order, wanted: dict[str, Any]) -> Refund:
    assert request.user.is_authenticated
    refund = refunds.request(
        order=order,
        amount=wanted["amount"],
        key=wanted["key"],
        reason=wanted["reason"],
        by=request.user,
        beyond_unspent=wanted["beyond_unspent"],
    )
    LogEntry.objects.log_actions(
        user_id=request.user.pk,
        queryset=[order],
        action_flag=CHANGE,
        change_message=f"Refund of {currencies.to_text(refund.amount, order.currency)}: "
        f"{refund.reason}",
        single_object=True,
    )
    try:
        return refunds.send(refund)
    except PaymentUnavailable as exc:
        messages.warning(request, f"{exc.in_full} It is sent as soon as Stripe answers.")
        return refund
