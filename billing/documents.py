"""Receipts and invoices: Stripe makes them, and knows where they are at the moment."""

from __future__ import annotations

import stripe

from billing import orders, stripe_client
from billing.errors import PaymentUnavailable
from billing.models import Order

INVOICE, RECEIPT = "invoice", "receipt"


def address_of(order: Order, *, kind: str) -> str:
    """Where the order's invoice or receipt can be seen; empty if there is none.

    Raises PaymentUnavailable.
    """
    orders.require_ours(order)
    try:
        return _invoice(order) if kind == INVOICE else _receipt(order)
    except stripe.StripeError as exc:
        raise PaymentUnavailable(f"Stripe did not answer: {exc.user_message or exc}") from exc


def _invoice(order: Order) -> str:
    if not order.stripe_invoice:
        return ""
    return (
        stripe_client.client().v1.invoices.retrieve(order.stripe_invoice).hosted_invoice_url or ""
    )


def _receipt(order: Order) -> str:
    if not order.stripe_payment_intent:
        return ""
    intent = stripe_client.client().v1.payment_intents.retrieve(
        order.stripe_payment_intent, {"expand": ["latest_charge"]}
    )
    charge = intent.latest_charge
    return (charge.receipt_url or "") if isinstance(charge, stripe.Charge) else ""
