"""Receipts and invoices: Stripe makes them, and knows where they are at the moment."""

from __future__ import annotations

import stripe

from billing import orders, stripe_client
from billing.models import Order

INVOICE, RECEIPT = "invoice", "receipt"


def address_of(order: Order, *, kind: str) -> str:
    """Where the order's invoice or receipt can be seen; empty if there is none.

    Raises PaymentUnavailable.
    """
    orders.require_ours(order)
    with stripe_client.asking() as client:
        return _invoice(client, order) if kind == INVOICE else _receipt(client, order)


def _invoice(client: stripe.StripeClient, order: Order) -> str:
    if not order.stripe_invoice:
        return ""
    return client.v1.invoices.retrieve(order.stripe_invoice).hosted_invoice_url or ""


def _receipt(client: stripe.StripeClient, order: Order) -> str:
    if not order.stripe_payment_intent:
        return ""
    intent = client.v1.payment_intents.retrieve(
        order.stripe_payment_intent, {"expand": ["latest_charge"]}
    )
    charge = intent.latest_charge
    return (charge.receipt_url or "") if isinstance(charge, stripe.Charge) else ""
