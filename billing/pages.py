"""Pages of Stripe's that are made for a customer: to pay, to subscribe, to enter a card."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

import stripe
from stripe.params.checkout import SessionCreateParams

from billing import customers, stripe_client
from billing.models import CardConsent, Order, Subscription


def make(
    row: Order | Subscription | CardConsent, request: dict[str, Any], *, key: str
) -> stripe.checkout.Session:
    """The page that a row was written for. Safe to repeat for a day: the key names the row.

    A customer that was deleted at Stripe is exchanged for another one. Raises StripeError,
    PaymentUnavailable.
    """
    assert row.customer is not None
    try:
        return _create(request, row.customer.stripe_id, key=key)
    except stripe.InvalidRequestError as exc:
        if not customers.is_unknown(exc):
            raise
    # A request that was refused has not used up the key.
    customers.give_up(row.customer)
    row.customer = customers.customer_of(row.workspace)
    row.save(update_fields=["customer"])
    return _create(request, row.customer.stripe_id, key=key)


def close(session_id: str) -> None:
    """Let nobody go through it any more. Raises PaymentUnavailable."""
    # Not open any more? What became of it, the next question tells.
    with stripe_client.asking() as client, suppress(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(session_id)


def _create(request: dict[str, Any], customer: str | None, *, key: str) -> stripe.checkout.Session:
    wanted = stripe_client.in_order({**request, "customer": customer})
    sessions = stripe_client.client().v1.checkout.sessions
    return sessions.create(cast(SessionCreateParams, wanted), {"idempotency_key": key})
