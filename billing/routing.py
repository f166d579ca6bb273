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

from billing import customers, orders, stripe_client
from billing.errors import PaymentUnavailable
from billing.models import Customer, Order, StripeEvent


class Unknown(Exception):
    """About something that we do not know; perhaps not yet."""


Route = Callable[[StripeEvent], None]


def _session(event: StripeEvent) -> None:
    reference = payload(event).get("client_reference_id") or ""
    order = _order(Q(stripe_session_id=event.object_id) | Q(public_id=reference))
    orders.sync_order(order, session_id=event.object_id)


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
    customers.sync_customer(customer)


ROUTES: dict[str, Route] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _intent,
    "payment_intent.processing": _intent,
    "payment_intent.payment_failed": _intent,
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
    orders.sync_order(order)


def _order_named_by(intent: str) -> str:
    try:
        said = stripe_client.client().v1.payment_intents.retrieve(intent)
    except stripe.InvalidRequestError as exc:
        raise Unknown from exc
    except stripe.StripeError as exc:
        raise PaymentUnavailable(f"Stripe did not answer: {exc.user_message or exc}") from exc
    return str(said.metadata.to_dict().get("order", ""))


def _order(match: Q) -> Order:
    order = Order.objects.filter(match).select_related("workspace").first()
    if order is None:
        raise Unknown
    return order
