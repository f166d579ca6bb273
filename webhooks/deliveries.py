"""The life of a delivery: claimed, sent, and then delivered, retried or given up.

Only the functions here change a delivery's state. Every change is one conditional UPDATE, so that
doubled doorbells and late workers change nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import SystemRandom

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from webhooks import health, sending
from webhooks.models import Attempt, Delivery, DeliveryState, Message
from webhooks.outbox import DELIVER
from worker import doorbell

# Seconds to wait after the first failure, the second, …: ten attempts over about 75 hours.
WAITS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
# Half the messages a little earlier, half later: a receiver that comes back is not stampeded.
JITTER = 0.1
# Longer than resolving, connecting and reading may take together.
LEASE = timedelta(seconds=120)
# The machine that set `due_at` and the one that reads it may disagree about the time.
CLOCK_SKEW = timedelta(seconds=2)
# A delivery this late has lost its doorbell.
SWEEP_GRACE = timedelta(seconds=60)
SWEEP_BATCH = 500
KEPT = timedelta(days=30)
PRUNE_BATCH = 500
PRUNE_BATCHES = 40

_random = SystemRandom()


def deliver(pk: int) -> None:
    """Send the delivery if it is due and no other worker has it."""
    delivery = _claim(pk)
    if delivery is None:
        return
    endpoint = delivery.endpoint
    if endpoint is not None and (endpoint.deleted_at is not None or not endpoint.enabled):
        _finish(delivery, DeliveryState.CANCELED)
        return
    _record(delivery, sending.send(delivery))


def send_again(deliveries: QuerySet[Delivery]) -> int:
    """Send these once more, from the start of the schedule; the number of deliveries."""
    now = timezone.now()
    with transaction.atomic():
        pks = list(deliveries.order_by("pk").values_list("pk", flat=True))
        # A lease stays: what is on its way this moment is not sent a second time beside it.
        Delivery.objects.filter(pk__in=pks).update(
            state=DeliveryState.PENDING,
            due_at=now,
            finished_at=None,
            earlier_attempts=F("attempts"),
        )
        for pk in pks:
            doorbell.ring(DELIVER, pk)
    return len(pks)


def overdue() -> QuerySet[Delivery]:
    """Deliveries whose doorbell was lost or whose worker died, the longest overdue first."""
    now = timezone.now()
    late = now - SWEEP_GRACE * settings.TIMER_SCALE
    found = Delivery.objects.filter(_not_leased(now), state=DeliveryState.PENDING, due_at__lte=late)
    return found.order_by("due_at")


def ring_overdue() -> int:
    """Ring again for what is overdue; the number of doorbells."""
    with transaction.atomic():
        pks = list(overdue().values_list("pk", flat=True)[:SWEEP_BATCH])
        # Due from now on: a queue that is merely slow gets one more doorbell a minute, not more.
        overdue().order_by().filter(pk__in=pks).update(due_at=timezone.now())
        for pk in pks:
            doorbell.ring(DELIVER, pk)
    return len(pks)


def prune() -> int:
    """Delete messages older than 30 days that nobody waits for any more, with their log.

    In small batches; returns the number deleted.
    """
    old = Message.objects.filter(created_at__lt=timezone.now() - KEPT)
    prunable = old.exclude(deliveries__state=DeliveryState.PENDING).order_by("pk")
    deleted = 0
    for _batch in range(PRUNE_BATCHES):
        pks = list(prunable.values_list("pk", flat=True)[:PRUNE_BATCH])
        Message.objects.filter(pk__in=pks).delete()
        deleted += len(pks)
        if len(pks) < PRUNE_BATCH:
            break
    return deleted


def _claim(pk: int) -> Delivery | None:
    now = timezone.now()
    claimed = Delivery.objects.filter(
        _not_leased(now), pk=pk, state=DeliveryState.PENDING, due_at__lte=now + CLOCK_SKEW
    ).update(leased_until=now + LEASE, attempts=F("attempts") + 1)
    if not claimed:
        return None
    return Delivery.objects.select_related("message__workspace", "endpoint").get(pk=pk)


def _not_leased(now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=now)


def _record(delivery: Delivery, outcome: sending.Outcome) -> None:
    with transaction.atomic(durable=True):
        Attempt.objects.create(
            delivery=delivery,
            number=delivery.attempts,
            url=outcome.url,
            at=outcome.at,
            duration_ms=outcome.duration_ms,
            status_code=outcome.status_code,
            request_headers=outcome.request_headers,
            response_excerpt=outcome.response_excerpt,
            error=outcome.error,
        )
        if outcome.delivered:
            _finish(delivery, DeliveryState.DELIVERED)
        elif outcome.permanent or not _retry(delivery):
            _finish(delivery, DeliveryState.FAILED)
        if delivery.endpoint is not None:
            health.note(delivery.endpoint, outcome)


def _finish(delivery: Delivery, state: DeliveryState) -> None:
    mine = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.PENDING)
    if state != DeliveryState.DELIVERED:
        # Whose lease ran out has no say any more; that the message arrived stays true.
        mine = mine.filter(attempts=delivery.attempts)
    mine.update(state=state, due_at=None, leased_until=None, finished_at=timezone.now())


def _retry(delivery: Delivery) -> bool:
    """Plan the next attempt. False: there is none left."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.PENDING, attempts=delivery.attempts
    )
    # Read again: somebody may have asked to send it once more while it was under way.
    earlier = mine.values_list("earlier_attempts", flat=True).first()
    if earlier is None:
        return True  # another worker has taken over, and decides
    wait = _wait_after(failures=max(delivery.attempts - earlier, 1))
    if wait is None:
        return False
    if mine.update(due_at=timezone.now() + timedelta(seconds=wait), leased_until=None):
        doorbell.ring(DELIVER, delivery.pk, delay=wait)
    return True


def _wait_after(*, failures: int) -> float | None:
    """Seconds until the next attempt, or None when all are used up."""
    if failures > len(WAITS):
        return None
    jitter = _random.uniform(1 - JITTER, 1 + JITTER)
    return WAITS[failures - 1] * jitter * settings.TIMER_SCALE
