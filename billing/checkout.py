"""Buying a pack: the order first, then Stripe's page for it."""

from __future__ import annotations

import logging

import stripe
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

from accounts.access import Actor
from accounts.models import Scope
from billing import orders, stripe_client
from billing.amounts import to_text
from billing.errors import PaymentUnavailable, UnknownPack
from billing.models import Order, OrderState, Pack

logger = logging.getLogger(__name__)

# Stripe says no to the request itself: the same request will never be taken.
REFUSED = (stripe.InvalidRequestError, stripe.IdempotencyError)


def start_checkout(*, by: Actor, pack_slug: str) -> Order:
    """An order with `checkout_url`, the page where it is paid.

    Raises NotPermitted, UnknownPack, PaymentUnavailable. Must not run inside a transaction: the
    order is committed before Stripe hears of it.
    """
    by.require(Scope.BILLING)
    stripe_client.client()
    pack = Pack.objects.filter(slug=pack_slug, is_active=True).first()
    if pack is None:
        raise UnknownPack(pack_slug)
    with transaction.atomic(durable=True):
        order = Order.objects.create(
            workspace=by.workspace,
            pack=pack.slug,
            credits=pack.credits,
            amount=pack.amount,
            currency=pack.currency,
            livemode=stripe_client.is_live(),
            stripe_price_id=pack.stripe_price_id,
            created_by=by.user,
        )
    opened = open_session(order)
    if not opened.checkout_url:
        # Stripe's session does not fit the order, such as by a wrong price there.
        raise PaymentUnavailable("This pack cannot be bought at the moment.")
    return opened


def open_session(order: Order) -> Order:
    """Make the order's checkout session. Safe to repeat for a day: the key names the order."""
    try:
        session = stripe_client.client().v1.checkout.sessions.create(
            _request(order), {"idempotency_key": f"order:{order.public_id}"}
        )
    except REFUSED as exc:
        give_up(order, reason=str(exc.user_message or exc))
        raise PaymentUnavailable("Stripe did not accept this order.") from exc
    except stripe.StripeError as exc:
        # Perhaps made, and the answer lost: the order stays new, and the sweep asks again.
        logger.warning("checkout session of %s: %s", order.public_id, type(exc).__name__)
        raise PaymentUnavailable("Stripe did not answer. Please try again in a minute.") from exc
    return orders.record(order, session)


def give_up(order: Order, *, reason: str) -> None:
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        if row.state == OrderState.NEW:
            orders.move(row, to=OrderState.FAILED, reason=reason)


def _request(order: Order) -> SessionCreateParams:
    """Made of the order's own columns only: a repeat under the same key must be the same."""
    page = settings.SITE_URL + reverse("order", args=[order.public_id])
    return {
        "mode": "payment",
        "client_reference_id": order.public_id,
        "line_items": [_line_item(order)],
        "metadata": {"order": order.public_id, "workspace": order.workspace.public_id},
        # Stripe does not hand the session's metadata on to the payment.
        "payment_intent_data": {"metadata": {"order": order.public_id}},
        "success_url": f"{page}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": settings.SITE_URL + reverse("order_canceled", args=[order.public_id]),
    }


def _line_item(order: Order) -> SessionCreateParamsLineItem:
    if order.stripe_price_id:
        return {"price": order.stripe_price_id, "quantity": 1}
    return {
        "quantity": 1,
        "price_data": {
            "currency": order.currency,
            "unit_amount": order.amount,
            "product_data": {"name": f"{to_text(order.credits)} credits"},
        },
    }
