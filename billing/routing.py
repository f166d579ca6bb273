"""What each of Stripe's events is about, and what is then brought up to date.

An event's payload is used for ids only: what is true now, Stripe is asked. So it does not matter
how late an event comes, how often, or after which other one. A further kind of event is a line in
`ROUTES`, and a function that raises Unknown or PaymentUnavailable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import stripe
from django.db.models import Q

from billing import cards, customers, orders, stripe_client
from billing.models import (
    CardConsent,
    Customer,
    Order,
    OrderOrigin,
    SavedCard,
    StripeEvent,
    Subscription,
)
from billing.subscriptions import invoices, syncing
from billing.top_ups import charging


class Unknown(Exception):
    """About something that we do not know; perhaps not yet."""


Route = Callable[[StripeEvent], None]


def _session(event: StripeEvent) -> None:
    """A pack, a card to keep, or a subscription: the session names the row that it was made for."""
    reference = payload(event).get("client_reference_id") or ""
    named = Q(stripe_session_id=event.object_id) | Q(public_id=reference)
    if consent := CardConsent.objects.filter(named).first():
        cards.finish(consent, session_id=event.object_id)
    elif subscription := Subscription.objects.filter(named).first():
        syncing.sync(subscription, session_id=event.object_id)
    else:
        orders.sync_order(_order(named), session_id=event.object_id)


def _intent(event: StripeEvent) -> None:
    metadata = payload(event).get("metadata") or {}
    _sync_order_of_payment(event.object_id, public_id=metadata.get("order") or "")


def _reversal(event: StripeEvent) -> None:
    """Of a charge, a refund, a dispute or a warning: they all name the payment."""
    intent = payload(event).get("payment_intent")
    # Stripe has expanded it in some versions of its API.
    _sync_order_of_payment(intent["id"] if isinstance(intent, dict) else intent or "")


def _customer(event: StripeEvent) -> None:
    customer = Customer.objects.filter(stripe_id=event.object_id).first()
    if customer is None:
        raise Unknown
    if customers.sync_customer(customer).deleted_at is not None:
        cards.lost_with(customer)


def _card(event: StripeEvent) -> None:
    card = SavedCard.objects.filter(stripe_id=event.object_id).select_related("customer").first()
    if card is None:
        raise Unknown
    cards.sync(card)


def _subscription(event: StripeEvent) -> None:
    metadata = payload(event).get("metadata") or {}
    named = Q(public_id=metadata.get("subscription") or "", stripe_id=None)
    found = Subscription.objects.filter(Q(stripe_id=event.object_id) | named).first()
    if found is None:
        raise Unknown
    syncing.sync(found, stripe_id=event.object_id)


def _invoice_paid(event: StripeEvent) -> None:
    """Of a purchase in Checkout, too: those bring nothing here."""
    try:
        invoices.sync(event.object_id)
    except invoices.UnknownSubscription as exc:
        raise Unknown from exc


def _invoice_failed(event: StripeEvent) -> None:
    try:
        invoices.failed(event.object_id)
    except invoices.UnknownSubscription as exc:
        raise Unknown from exc


ROUTES: dict[str, Route] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _intent,
    "payment_intent.processing": _intent,
    "payment_intent.payment_failed": _intent,
    "payment_intent.requires_action": _intent,
    "payment_intent.canceled": _intent,
    "charge.refunded": _reversal,
    "refund.created": _reversal,
    "refund.updated": _reversal,
    "refund.failed": _reversal,
    "charge.dispute.created": _reversal,
    "charge.dispute.updated": _reversal,
    "charge.dispute.funds_withdrawn": _reversal,
    "charge.dispute.funds_reinstated": _reversal,
    "charge.dispute.closed": _reversal,
    "radar.early_fraud_warning.created": _reversal,
    "customer.updated": _customer,
    "customer.deleted": _customer,
    "payment_method.detached": _card,
    "payment_method.automatically_updated": _card,
    "customer.subscription.created": _subscription,
    "customer.subscription.updated": _subscription,
    "customer.subscription.deleted": _subscription,
    "invoice.paid": _invoice_paid,
    "invoice.payment_failed": _invoice_failed,
    "invoice.payment_action_required": _invoice_failed,
}


def payload(event: StripeEvent) -> dict[str, Any]:
    return dict(event.payload["data"]["object"])


def _sync_order_of_payment(intent: str, *, public_id: str = "") -> None:
    if not intent:
        raise Unknown
    try:
        order = _order(Q(stripe_payment_intent=intent) | Q(public_id=public_id))
    except Unknown:
        # Money may go back before we have heard that it came.
        order = _order(Q(public_id=_order_named_by(intent)))
    if order.origin == OrderOrigin.TOP_UP:
        charging.proceed(order.top_up, intent_id=intent)
    else:
        orders.sync_order(order)


def _order_named_by(intent: str) -> str:
    with stripe_client.asking() as client:
        try:
            said = client.v1.payment_intents.retrieve(intent)
        except stripe.InvalidRequestError as exc:
            raise Unknown from exc
    return str(said.metadata.to_dict().get("order", ""))


def _order(match: Q) -> Order:
    order = Order.objects.filter(match).select_related("workspace").first()
    if order is None:
        raise Unknown
    return order
