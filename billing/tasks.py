"""What workers do for billing. Every function may run twice, late, or for nothing."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from billing import checkout, low_balance, orders
from billing.errors import PaymentUnavailable
from billing.models import Order, OrderState, StripeEvent
from worker import doorbell

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
FIRST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 3600
SYNC_EVERY = timedelta(minutes=10)
SYNC_FOR = timedelta(days=35)
# Stripe keeps an idempotency key for a day; after that a repeat would make a second session.
REOPEN_FOR = timedelta(hours=20)
SWEEP_SIZE = 100

SESSION_EVENTS = "checkout.session."
INTENT_EVENTS = "payment_intent."


def process_stripe_event(event_pk: str) -> None:
    """Bring the order that the event hints at up to date."""
    claimed = StripeEvent.objects.filter(pk=event_pk, state=StripeEvent.State.NEW)
    # Counted before the work: one that kills its worker each time must come to an end.
    if not claimed.update(attempts=F("attempts") + 1, due_at=timezone.now()):
        return
    event = StripeEvent.objects.get(pk=event_pk)
    order = _order_of(event)
    if order is None:
        _finish(event, StripeEvent.State.IGNORED, "Nothing of ours.")
        return
    session_id = event.object_id if event.type.startswith(SESSION_EVENTS) else ""
    try:
        orders.sync_order(order, session_id=session_id)
    except PaymentUnavailable as exc:
        _again_later(event, str(exc))
        return
    _finish(event, StripeEvent.State.DONE, "")


def sync_order(order_pk: int) -> None:
    order = Order.objects.select_related("workspace").get(pk=order_pk)
    try:
        if order.state == OrderState.NEW:
            checkout.open_session(order)
        else:
            orders.sync_order(order)
    except PaymentUnavailable as exc:
        logger.warning("order %s is not synced: %s", order.public_id, exc)
        # Else the same orders, asked in vain, would be the oldest ones in every sweep.
        Order.objects.filter(pk=order_pk).update(synced_at=timezone.now())


def sweep() -> None:
    """Find what was left over: lost doorbells, lost answers, events that Stripe never sent.

    Meant to run every few minutes.
    """
    now = timezone.now()
    _sweep_events(before=now - _scaled(timedelta(minutes=2)))
    unfinished = Order.objects.filter(state__in=orders.UNFINISHED, created_at__gt=now - SYNC_FOR)
    for order in unfinished.filter(state=OrderState.NEW, created_at__lt=now - REOPEN_FOR):
        checkout.give_up(order, reason="Stripe never answered.")
    stale = Q(synced_at=None, created_at__lt=now - _scaled(timedelta(minutes=2)))
    stale |= Q(synced_at__lt=now - _scaled(SYNC_EVERY))
    # PostgreSQL puts NULL last: what was never asked about would wait for all the others.
    oldest = unfinished.filter(stale).order_by(F("synced_at").asc(nulls_first=True), "pk")
    for pk in oldest.values_list("pk", flat=True)[:SWEEP_SIZE]:
        doorbell.ring("billing.tasks.sync_order", pk)


def watch_balances() -> None:
    """Tell of credits that have run low."""
    low_balance.run()


def _sweep_events(*, before: Any) -> None:
    waiting = StripeEvent.objects.filter(state=StripeEvent.State.NEW, due_at__lt=before)
    waiting.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=StripeEvent.State.FAILED, finished_at=timezone.now()
    )
    for pk in waiting.order_by("due_at").values_list("pk", flat=True)[:SWEEP_SIZE]:
        doorbell.ring("billing.tasks.process_stripe_event", pk)


def _order_of(event: StripeEvent) -> Order | None:
    """The order that the event is about, if any. Its payload is used for ids only."""
    payload = event.payload["data"]["object"]
    if event.type.startswith(SESSION_EVENTS):
        match = Q(stripe_session_id=event.object_id) | Q(
            public_id=payload.get("client_reference_id") or ""
        )
    elif event.type.startswith(INTENT_EVENTS):
        match = Q(stripe_payment_intent=event.object_id) | Q(
            public_id=(payload.get("metadata") or {}).get("order") or ""
        )
    else:
        return None
    return Order.objects.filter(match).first()


def _again_later(event: StripeEvent, error: str) -> None:
    if event.attempts >= MAX_ATTEMPTS:
        _finish(event, StripeEvent.State.FAILED, error)
        return
    seconds = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (event.attempts - 1))
    delay = _scaled(timedelta(seconds=seconds))
    StripeEvent.objects.filter(pk=event.pk, state=StripeEvent.State.NEW).update(
        due_at=timezone.now() + delay, last_error=error[:300]
    )
    doorbell.ring("billing.tasks.process_stripe_event", event.pk, delay=delay.total_seconds())


def _finish(event: StripeEvent, state: StripeEvent.State, error: str) -> None:
    StripeEvent.objects.filter(pk=event.pk, state=StripeEvent.State.NEW).update(
        state=state, last_error=error[:300], finished_at=timezone.now()
    )


def _scaled(delay: timedelta) -> timedelta:
    return delay * settings.TIMER_SCALE
