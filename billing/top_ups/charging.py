"""Charging the card for a top-up, one step at a time. Every function may run again.

The process may die between any two lines: the order and the top-up are there before Stripe hears
of them, and what Stripe has made meanwhile is found under the same idempotency key, or looked up.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import cast

import stripe
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from stripe.params import PaymentIntentCreateParams

from accounts.access import Actor
from accounts.models import Scope
from billing import checkout, orders, stripe_client
from billing.errors import PaymentUnavailable
from billing.models import OPEN_TOP_UPS, Order, OrderState, TopUp, TopUpState
from billing.top_ups import states

logger = logging.getLogger(__name__)

# Stripe keeps an idempotency key for a day; after that it is asked before anything is repeated.
REPEAT_FOR = timedelta(hours=20)
LOOK_AGAIN = timedelta(minutes=2)
# Of these the bank lets the money go once its customer has confirmed.
WANTS_CUSTOMER = ("authentication_required", "payment_intent_authentication_failure")
UNPAID = "requires_payment_method"


def proceed(top_up: TopUp, *, intent_id: str = "") -> TopUp:
    """As far as it goes now. `intent_id` if Stripe names a payment that we have not heard of.

    Raises PaymentUnavailable: then it is tried again later.
    """
    TopUp.objects.filter(pk=top_up.pk).update(looked_at=timezone.now())
    order = Order.objects.select_related("workspace", "customer").get(pk=top_up.order_id)
    orders.require_ours(order)
    if order.state == OrderState.NEW and not intent_id:
        intent_id = _charge(top_up, order)
        order.refresh_from_db()
    order = orders.sync_order(order, intent_id=intent_id)
    if order.state == OrderState.OPEN:
        order = _go_on(states.current(top_up.pk), order)
    return states.follow(top_up, order)


def unfinished() -> QuerySet[TopUp]:
    """Left over by a worker that died, or by a Stripe that did not answer; or out of time.

    Those under review wait for a person, who looks at the order.
    """
    now = timezone.now()
    rows = TopUp.objects.filter(
        state__in=OPEN_TOP_UPS,
        order__livemode=stripe_client.is_live(),
        looked_at__lt=now - LOOK_AGAIN * settings.TIMER_SCALE,
    ).exclude(order__state=OrderState.REVIEW)
    return rows.exclude(state=TopUpState.ACTION, acts_until__gt=now).order_by("looked_at")


def confirm(top_up: TopUp, *, by: Actor) -> TopUp:
    """The customer is here: have the bank ask. Raises NotPermitted, PaymentUnavailable."""
    by.require(Scope.BILLING)
    order = top_up.order
    attempt = states.next_attempt(top_up)
    if attempt is None:
        return proceed(top_up)
    with stripe_client.asking() as client:
        try:
            client.v1.payment_intents.confirm(
                order.stripe_payment_intent,
                {"payment_method": top_up.card.stripe_id, "return_url": page_of(top_up)},
                {"idempotency_key": f"topup:{top_up.public_id}:{attempt}"},
            )
        except (stripe.CardError, stripe.InvalidRequestError) as exc:
            # Refused, or confirmed already: which of these, the next question tells.
            logger.info("top-up %s: %s", top_up.public_id, exc.code)
    return proceed(top_up)


def cancel(top_up: TopUp, *, by: Actor) -> TopUp:
    """Do not pay this one; no further one either. Raises NotPermitted, PaymentUnavailable."""
    by.require(Scope.BILLING)
    states.give_up(top_up, by=by)
    return proceed(top_up)


def bank_page(top_up: TopUp) -> str:
    """Where the customer confirms, if the bank asks now. Raises PaymentUnavailable."""
    if top_up.state != TopUpState.ACTION:
        return ""
    with stripe_client.asking() as client:
        intent = client.v1.payment_intents.retrieve(top_up.order.stripe_payment_intent)
    to = intent.next_action.redirect_to_url if intent.next_action else None
    return (to.url or "") if to else ""


def page_of(top_up: TopUp) -> str:
    return settings.SITE_URL + reverse("top_up_payment", args=[top_up.public_id])


def _charge(top_up: TopUp, order: Order) -> str:
    """The id of its one payment intent, made if there is none; empty if there never was."""
    is_late = order.created_at < timezone.now() - REPEAT_FOR
    if is_late or top_up.card.removed_at is not None:
        found = _look_up(order)
        if not found:
            checkout.give_up(order, reason="Stripe never answered.")
        return found
    request = cast(PaymentIntentCreateParams, stripe_client.in_order(order.checkout_request))
    with stripe_client.asking() as client:
        try:
            made = client.v1.payment_intents.create(
                request, {"idempotency_key": f"topup:{top_up.public_id}:1"}
            )
        except stripe.CardError as exc:
            return _intent_of(exc)
        except stripe.InvalidRequestError as exc:
            # Such as for a card that was removed there: nothing was made, nor will it be.
            checkout.give_up(order, reason=str(exc.user_message or exc))
            return ""
    return made.id


def _intent_of(exc: stripe.CardError) -> str:
    """A card that refuses leaves the intent, unpaid."""
    made = exc.error.payment_intent if exc.error else None
    if made is None:
        raise PaymentUnavailable("Stripe did not say which payment the card has refused.") from exc
    return str(made.id)


def _look_up(order: Order) -> str:
    assert order.customer is not None
    since = int((order.created_at - timedelta(minutes=5)).timestamp())
    with stripe_client.asking() as client:
        made = client.v1.payment_intents.list(
            {"customer": order.customer.stripe_id or "", "created": {"gte": since}, "limit": 100}
        )
        for intent in made.auto_paging_iter():
            if intent.metadata.to_dict().get("order") == order.public_id:
                return intent.id
    return ""


def _go_on(top_up: TopUp, order: Order) -> Order:
    """Stripe waits with this payment: for another attempt, for the customer, or for its end."""
    with stripe_client.asking() as client:
        intent = client.v1.payment_intents.retrieve(order.stripe_payment_intent)
    error = intent.last_payment_error
    if intent.status == "requires_action":
        states.wait_for_customer(top_up)
    elif intent.status == UNPAID and error is not None:
        if error.code in WANTS_CUSTOMER:
            states.wait_for_customer(top_up)
        else:
            states.decline(
                top_up,
                code=error.decline_code or error.code or "declined",
                is_final=error.advice_code == "do_not_try_again" or error.code == "expired_card",
            )
    states.lapse(top_up)
    if states.current(top_up.pk).state != TopUpState.CLOSING:
        return order
    # Nobody may pay it any more: what is charged next is another purchase.
    # Not waiting any more? Paid, or canceled before: the next question tells.
    with stripe_client.asking() as client, suppress(stripe.InvalidRequestError):
        client.v1.payment_intents.cancel(order.stripe_payment_intent)
    return orders.sync_order(order)
