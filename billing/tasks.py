"""What workers do for billing. Every function may run twice, late, or for nothing."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from billing import (
    cards,
    checkout,
    low_balance,
    notices,
    orders,
    reconciling,
    refunds,
    routing,
    stripe_client,
)
from billing.errors import OtherAccount, PaymentUnavailable
from billing.models import (
    Order,
    OrderOrigin,
    OrderState,
    Reconciliation,
    Refund,
    SavedCard,
    StripeEvent,
    Subscription,
    TopUpRule,
)
from billing.models.subscriptions import LIVING, STARTING
from billing.subscriptions import notices as subscription_notices
from billing.subscriptions import starting
from billing.top_ups import charging, due, states
from billing.top_ups import notices as top_up_notices
from worker import doorbell

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
FIRST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 3600
SYNC_EVERY = timedelta(minutes=10)
SYNC_FOR = timedelta(days=35)
SUBSCRIPTION_EVERY = timedelta(days=1)
SWEEP_SIZE = 100

# Our rows are committed before Stripe hears of them, so what is unknown after this is not ours.
UNKNOWN_ATTEMPTS = 3


def process_stripe_event(event_pk: str) -> None:
    """Bring what the event hints at up to date."""
    claimed = StripeEvent.objects.filter(pk=event_pk, state=StripeEvent.State.NEW)
    # Counted before the work: one that kills its worker each time must come to an end.
    if not claimed.update(attempts=F("attempts") + 1, due_at=timezone.now()):
        return
    event = StripeEvent.objects.get(pk=event_pk)
    route = routing.ROUTES.get(event.type)
    if route is None:
        _finish(event, StripeEvent.State.IGNORED, "Of a kind that we do not follow.")
        return
    try:
        route(event)
    except routing.Unknown:
        _again_later(event, "Nothing of ours.", StripeEvent.State.IGNORED, UNKNOWN_ATTEMPTS)
    except OtherAccount as exc:
        _finish(event, StripeEvent.State.FAILED, str(exc))
    except PaymentUnavailable as exc:
        _again_later(event, exc.in_full, StripeEvent.State.FAILED, MAX_ATTEMPTS)
    else:
        _finish(event, StripeEvent.State.DONE, "")


def sync_order(order_pk: int) -> None:
    order = Order.objects.select_related("workspace").get(pk=order_pk)
    try:
        if order.state == OrderState.NEW and order.origin == OrderOrigin.CHECKOUT:
            checkout.open_session(order)
        else:
            orders.sync_order(order)
    except PaymentUnavailable as exc:
        logger.warning("order %s is not synced: %s", order.public_id, exc.in_full)
        # Else the same orders, asked in vain, would be the oldest ones in every sweep.
        Order.objects.filter(pk=order_pk).update(synced_at=timezone.now())


def send_refund(refund_pk: int) -> None:
    refund = Refund.objects.select_related("order__workspace").get(pk=refund_pk)
    try:
        refunds.send(refund)
    except PaymentUnavailable as exc:
        logger.warning("refund %s is not sent: %s", refund.public_id, exc.in_full)


def tell_operator(order_pk: int, why: str = "needs a look") -> None:
    notices.tell_operator(Order.objects.select_related("workspace").get(pk=order_pk), why)


def tell_payment_failed(order_pk: int) -> None:
    notices.tell_payment_failed(Order.objects.select_related("workspace").get(pk=order_pk))


def top_up() -> None:
    """Begin the purchases of those whose credits have run low."""
    due.begin_all()


def charge_top_up(top_up_pk: int) -> None:
    top_up = states.current(top_up_pk)
    try:
        charging.proceed(top_up)
    except PaymentUnavailable as exc:
        logger.warning("top-up %s waits: %s", top_up.public_id, exc.in_full)


def tell_top_up(top_up_pk: int) -> None:
    top_up_notices.tell(states.current(top_up_pk))


def tell_top_up_off(workspace_pk: int) -> None:
    top_up_notices.tell_off(TopUpRule.objects.get(workspace=workspace_pk))


def tell_top_up_cap(rule_pk: int) -> None:
    top_up_notices.tell_cap(TopUpRule.objects.get(pk=rule_pk))


def detach_card(card_pk: int) -> None:
    try:
        cards.detach(SavedCard.objects.get(pk=card_pk))
    except PaymentUnavailable as exc:
        logger.warning("card %s is not detached: %s", card_pk, exc.in_full)


def sync_subscription(subscription_pk: int) -> None:
    subscription = Subscription.objects.get(pk=subscription_pk)
    try:
        starting.refresh(subscription)
    except PaymentUnavailable as exc:
        logger.warning("subscription %s is not synced: %s", subscription.public_id, exc.in_full)
        Subscription.objects.filter(pk=subscription_pk).update(synced_at=timezone.now())


def tell_subscription(subscription_pk: int) -> None:
    subscription_notices.tell(Subscription.objects.get(pk=subscription_pk))


def tell_subscription_failed(subscription_pk: int) -> None:
    subscription_notices.tell_failed(Subscription.objects.get(pk=subscription_pk))


def reconcile() -> None:
    """Daily: what neither events nor sweeps have found. A person is told what is left."""
    if settings.STRIPE_SECRET_KEY:
        go_on_reconciling(reconciling.begin().pk)


def go_on_reconciling(reconciliation_pk: int) -> None:
    row = Reconciliation.objects.filter(pk=reconciliation_pk, finished_at=None).first()
    if row is None:
        return
    try:
        reconciling.go_on(row)
    except PaymentUnavailable as exc:
        logger.warning("the comparison with Stripe waits: %s", exc.in_full)


def sweep() -> None:
    """Find what was left over: lost doorbells, lost answers, events that Stripe never sent.

    Meant to run every few minutes.
    """
    now = timezone.now()
    just_now = now - _scaled(timedelta(minutes=2))
    _sweep_events(before=just_now)
    _sweep_refunds(before=just_now)
    _sweep_cards()
    _sweep_subscriptions(now)
    reconciling.sweep()
    unfinished = Order.objects.filter(
        state__in=orders.UNFINISHED,
        livemode=stripe_client.is_live(),
        created_at__gt=now - SYNC_FOR,
    ).exclude(origin=OrderOrigin.TOP_UP)
    forgotten = unfinished.filter(
        origin=OrderOrigin.CHECKOUT,
        state=OrderState.NEW,
        created_at__lt=now - checkout.REOPEN_FOR,
    )
    for order in forgotten:
        checkout.give_up(order, reason="Stripe never answered.")
    stale = Q(synced_at=None, created_at__lt=just_now)
    stale |= Q(synced_at__lt=now - _scaled(SYNC_EVERY))
    # PostgreSQL puts NULL last: what was never asked about would wait for all the others.
    oldest = unfinished.filter(stale).order_by(F("synced_at").asc(nulls_first=True), "pk")
    for pk in oldest.values_list("pk", flat=True)[:SWEEP_SIZE]:
        doorbell.ring("billing.tasks.sync_order", pk)


def watch_balances() -> None:
    """Tell of credits that have run low."""
    low_balance.run()


def _sweep_refunds(*, before: datetime) -> None:
    waiting = Refund.objects.filter(
        status=Refund.REQUESTED, created_at__lt=before, order__livemode=stripe_client.is_live()
    )
    for pk in waiting.order_by("pk").values_list("pk", flat=True)[:SWEEP_SIZE]:
        doorbell.ring(refunds.SEND, pk)


def _sweep_cards() -> None:
    for pk in cards.to_detach().order_by("removed_at").values_list("pk", flat=True)[:SWEEP_SIZE]:
        doorbell.ring(cards.DETACH, pk)
    for pk in charging.unfinished().values_list("pk", flat=True)[:SWEEP_SIZE]:
        doorbell.ring(due.CHARGE, pk)


def _sweep_subscriptions(now: datetime) -> None:
    """Those that never began, and once a day all others, whose event may have got lost."""
    living = Subscription.objects.filter(status__in=LIVING, livemode=stripe_client.is_live())
    never = Q(status__in=STARTING, expires_at__lt=now) & ~Q(synced_at__gt=now - SYNC_EVERY)
    stale = Q(synced_at__lt=now - SUBSCRIPTION_EVERY)
    for pk in living.filter(never | stale).values_list("pk", flat=True)[:SWEEP_SIZE]:
        doorbell.ring("billing.tasks.sync_subscription", pk)


def _sweep_events(*, before: datetime) -> None:
    waiting = StripeEvent.objects.filter(state=StripeEvent.State.NEW, due_at__lt=before)
    waiting.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=StripeEvent.State.FAILED, finished_at=timezone.now()
    )
    for pk in waiting.order_by("due_at").values_list("pk", flat=True)[:SWEEP_SIZE]:
        doorbell.ring("billing.tasks.process_stripe_event", pk)


def _again_later(
    event: StripeEvent, error: str, in_the_end: StripeEvent.State, attempts: int
) -> None:
    if event.attempts >= attempts:
        _finish(event, in_the_end, error)
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
