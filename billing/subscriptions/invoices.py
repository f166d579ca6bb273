"""Invoices of subscriptions: each paid period is an order of its own, with its credits.

So refunds, disputes and their freezes follow the invoice's payment as they do any other order's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import stripe
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import orders, stripe_client
from billing.errors import PaymentUnavailable
from billing.models import (
    Order,
    OrderOrigin,
    Subscription,
    SubscriptionGrant,
    SubscriptionPlan,
)
from billing.subscriptions import plans
from worker import doorbell

logger = logging.getLogger(__name__)

# Of all reasons for an invoice these alone bring credits: a period begins.
GRANTING = ("subscription_create", "subscription_cycle")
TELL_FAILED = "billing.tasks.tell_subscription_failed"


class UnknownSubscription(Exception):
    """The invoice is of no subscription of ours; perhaps not yet."""


def sync(invoice_id: str) -> Order | None:
    """Grant what this invoice brings, if it is paid and brings anything.

    An invoice that comes to nothing by itself (a trial) brings nothing. One that a discount has
    brought down to nothing brings credits where the operator allows full discounts.
    Raises UnknownSubscription, PaymentUnavailable.
    """
    order = Order.objects.filter(stripe_invoice=invoice_id, origin=OrderOrigin.SUBSCRIPTION).first()
    if order is None:
        invoice = _fetch(invoice_id)
        if not brings_credits(invoice):
            return None
        order = _write(_subscription_of(invoice), invoice, list(_lines(invoice_id)))
    return orders.sync_order(order)


def brings_credits(invoice: stripe.Invoice) -> bool:
    if invoice.status != "paid" or invoice.billing_reason not in GRANTING:
        return False
    if invoice.subtotal <= 0:
        return False
    return invoice.total > 0 or bool(settings.STRIPE_FULL_DISCOUNTS)


def failed(invoice_id: str) -> None:
    """Tell the managers that a period could not be paid, once for each attempt.

    Raises UnknownSubscription, PaymentUnavailable.
    """
    invoice = _fetch(invoice_id)
    subscription = _subscription_of(invoice)
    if invoice.status != "open" or not invoice.attempted:
        return  # Paid in the meantime, or given up.
    told = f"{invoice_id}:{invoice.attempt_count}"
    with transaction.atomic(durable=True):
        rows = Subscription.objects.filter(pk=subscription.pk).exclude(told_failure=told)
        if rows.update(told_failure=told):
            doorbell.ring(TELL_FAILED, subscription.pk)


def page_of_unpaid(subscription: Subscription) -> str:
    """Where the open invoice can be paid or confirmed; empty if there is none.

    Raises PaymentUnavailable.
    """
    if not subscription.stripe_id:
        return ""
    with stripe_client.asking() as client:
        found = client.v1.invoices.list({"subscription": subscription.stripe_id, "status": "open"})
        return next((one.hosted_invoice_url or "" for one in found.auto_paging_iter()), "")


def _fetch(invoice_id: str) -> stripe.Invoice:
    with stripe_client.asking() as client:
        try:
            return client.v1.invoices.retrieve(invoice_id)
        except stripe.InvalidRequestError as exc:
            raise UnknownSubscription(invoice_id) from exc


def _lines(invoice_id: str) -> Iterator[stripe.InvoiceLineItem]:
    with stripe_client.asking() as client:
        yield from client.v1.invoices.line_items.list(invoice_id).auto_paging_iter()


def _subscription_of(invoice: stripe.Invoice) -> Subscription:
    details = invoice.parent.subscription_details if invoice.parent else None
    if details is None:
        raise UnknownSubscription("of no subscription")
    rows = Subscription.objects.filter(livemode=invoice.livemode).select_related("customer")
    named = (details.metadata.to_dict() if details.metadata else {}).get("subscription", "")
    row = rows.filter(stripe_id=str(details.subscription)).first()
    # The invoice may be known before we have heard which subscription it was that has begun.
    row = row or rows.filter(public_id=named, stripe_id=None).first()
    if row is None or row.customer.stripe_id != invoice.customer:
        raise UnknownSubscription(str(details.subscription))
    return row


@transaction.atomic(durable=True)
def _write(
    subscription: Subscription, invoice: stripe.Invoice, lines: list[stripe.InvoiceLineItem]
) -> Order:
    """The order and its grants, once: what is written stays, whatever the next look would count."""
    row = Subscription.objects.select_for_update(of=("self",)).get(pk=subscription.pk)
    of_invoice = Order.objects.filter(stripe_invoice=invoice.id, origin=OrderOrigin.SUBSCRIPTION)
    earlier = of_invoice.first()
    if earlier is not None:
        return earlier
    grants = [grant for line in lines if (grant := _grant(row, invoice, line)) is not None]
    if not grants:
        raise PaymentUnavailable(f"Invoice {invoice.id} has no price of a plan of ours.")
    order = Order.objects.create(
        workspace=row.workspace,
        origin=OrderOrigin.SUBSCRIPTION,
        pack=grants[0].plan.slug,
        credits=sum(grant.credits for grant in grants),
        amount=invoice.subtotal,
        currency=invoice.currency,
        livemode=invoice.livemode,
        stripe_account=row.stripe_account,
        customer=row.customer,
        allows_free=True,
        stripe_invoice=invoice.id or "",
    )
    for grant in grants:
        grant.order = order
    SubscriptionGrant.objects.bulk_create(grants)
    return order


def _grant(
    row: Subscription, invoice: stripe.Invoice, line: stripe.InvoiceLineItem
) -> SubscriptionGrant | None:
    """None for what is no period of a plan: prorations, and what was added at Stripe."""
    parent = line.parent.subscription_item_details if line.parent else None
    price = line.pricing.price_details.price if line.pricing and line.pricing.price_details else ""
    plan = SubscriptionPlan.objects.filter(stripe_price_id=str(price)).first()
    if parent is None or parent.proration or plan is None:
        return None
    end = _end_of(line.period)
    return SubscriptionGrant(
        subscription=row,
        plan=plan,
        key=f"{invoice.id}:{line.id}",
        credits=plans.credits_for(plan, line.quantity or 1, row.workspace),
        period_end=end,
        expires_at=plans.expiry(plan, end),
    )


def _end_of(period: stripe.InvoiceLineItem.Period) -> datetime:
    """Until when it lasts. What is paid after that can be spent all the same, for as long."""
    start, end = (datetime.fromtimestamp(at, UTC) for at in (period.start, period.end))
    now = timezone.now()
    return end if end > now else now + (end - start)
