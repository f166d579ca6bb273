"""Buying a pack: the order first, then Stripe's page for it."""

from __future__ import annotations

import logging
from datetime import timedelta

import stripe
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

from accounts.access import Actor
from accounts.models import Scope
from billing import customers, facts, orders, packs, pages, stripe_client
from billing.amounts import to_text
from billing.errors import NoAnswer, PaymentUnavailable
from billing.models import Order, OrderOrigin, OrderState

logger = logging.getLogger(__name__)

# Stripe says no to the request itself: the same request will never be taken.
REFUSED = (stripe.InvalidRequestError, stripe.IdempotencyError)
# How long the payment page works: 30 minutes to 24 hours from when Stripe makes it.
LIFE = timedelta(hours=6)
# A session whose answer was lost is asked for again so long; Stripe keeps the key for a day.
REOPEN_FOR = LIFE - timedelta(hours=1)


def start_checkout(
    *, by: Actor, pack_slug: str, currency: str = "", address: str | None = None
) -> Order:
    """An order with `checkout_url`, the page where it is paid.

    In the pack's own currency unless another one is given; `address` is where the buyer is.
    Raises NotPermitted, UnknownPack, UnknownCurrency, PaymentUnavailable. Must not run inside a
    transaction: the order is committed before Stripe hears of it.
    """
    by.require(Scope.BILLING)
    stripe_client.client()
    pack = packs.on_sale(pack_slug)
    price = packs.price_in(pack, currency)
    order = Order(
        workspace=by.workspace,
        pack=pack.slug,
        credits=pack.credits,
        amount=price.amount,
        currency=price.currency,
        stripe_price_id=price.stripe_price_id,
        livemode=stripe_client.is_live(),
        stripe_account=stripe_client.account(),
        customer=customers.customer_of(by.workspace),
        allows_free=settings.STRIPE_PROMOTION_CODES and settings.STRIPE_FULL_DISCOUNTS,
        expires_at=timezone.now() + LIFE,
        created_by=by.user,
        buyer_address=address,
    )
    order.checkout_request = dict(_request(order))
    with transaction.atomic(durable=True):
        order.save()
    opened = open_session(order)
    if not opened.checkout_url:
        # Stripe's session does not fit the order, such as by a wrong price there.
        raise PaymentUnavailable("This pack cannot be bought at the moment.")
    return opened


def open_session(order: Order) -> Order:
    """Make the order's checkout session. Safe to repeat for a day: the key names the order."""
    orders.require_ours(order)
    try:
        session = pages.make(order, order.checkout_request, key=f"order:{order.public_id}")
    except REFUSED as exc:
        give_up(order, reason=str(exc.user_message or exc))
        raise PaymentUnavailable("Stripe did not accept this order.") from exc
    except stripe.StripeError as exc:
        # Perhaps made, and the answer lost: the order stays new, and the sweep asks again.
        logger.warning("checkout session of %s: %s", order.public_id, type(exc).__name__)
        raise NoAnswer(exc.user_message or exc) from exc
    said = facts.of_session(session)
    # Overtaken by an event of this session: what that found is the later word.
    return orders.record(order, said, syncs=order.syncs) or Order.objects.get(pk=order.pk)


def is_cancellable(order: Order) -> bool:
    """Whether its page may still be paid on, or be made."""
    waits = order.state in (OrderState.NEW, OrderState.OPEN)
    return waits and order.origin == OrderOrigin.CHECKOUT


def cancel(order: Order) -> Order:
    """Close the payment page, so that nobody pays there any more; then what is true now.

    Raises PaymentUnavailable. Paid in the meantime, the order is paid.
    """
    orders.require_ours(order)
    if not is_cancellable(order):
        return orders.sync_order(order)
    Order.objects.filter(pk=order.pk, canceled_at=None).update(canceled_at=timezone.now())
    if not order.stripe_session_id:
        return _leave(order, to=OrderState.EXPIRED, reason="Cancelled before it had a page")
    pages.close(order.stripe_session_id)
    return orders.sync_order(order)


def give_up(order: Order, *, reason: str) -> None:
    _leave(order, to=OrderState.FAILED, reason=reason)


def _leave(order: Order, *, to: OrderState, reason: str) -> Order:
    """Ask for no payment page any more. Of one whose answer was lost, nobody has the address."""
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        if row.state == OrderState.NEW:
            orders.move(row, to=to, reason=reason)
    return row


def _request(order: Order) -> SessionCreateParams:
    """What Stripe is asked for, with the settings of now."""
    assert order.expires_at is not None
    page = settings.SITE_URL + reverse("order", args=[order.public_id])
    request: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": order.public_id,
        "line_items": [_line_item(order)],
        "metadata": {"order": order.public_id, "workspace": order.workspace.public_id},
        # Stripe does not hand the session's metadata on to the payment.
        "payment_intent_data": {"metadata": {"order": order.public_id}},
        "success_url": f"{page}?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": settings.SITE_URL + reverse("order_canceled", args=[order.public_id]),
        "expires_at": int(order.expires_at.timestamp()),
        # We offer prices in several currencies; Stripe must not convert them once more.
        "adaptive_pricing": {"enabled": False},
    }
    if settings.STRIPE_INVOICES:
        request["invoice_creation"] = {
            "enabled": True,
            "invoice_data": {"metadata": {"order": order.public_id}},
        }
    request.update(by_settings())
    return request


def by_settings() -> SessionCreateParams:
    """What the operator has chosen for all that is sold."""
    request: SessionCreateParams = {}
    if settings.STRIPE_TAX:
        request["automatic_tax"] = {"enabled": True}
        request["tax_id_collection"] = {"enabled": True}
        request["customer_update"] = {"address": "auto", "name": "auto"}
    if settings.STRIPE_PROMOTION_CODES:
        request["allow_promotion_codes"] = True
    return request


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
