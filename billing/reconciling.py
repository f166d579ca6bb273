"""The daily comparison with Stripe, a few minutes at a time, however much there is to compare.

Its place is kept after each object, so a worker that dies or is stopped loses one of them.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from time import monotonic

from django.utils import timezone

from billing import stripe_client, stripe_reconciliation
from billing.models import Reconciliation
from billing.stripe_reconciliation import Place, Walk
from worker import doorbell

logger = logging.getLogger(__name__)

# Well below the time after which a worker is stopped: one object may take long.
AT_A_TIME_SECONDS = 120
# Whoever worked at it is gone: longer than any task may run.
LEFT_ALONE = timedelta(minutes=10)
GIVEN_UP = timedelta(days=3)
GO_ON = "billing.tasks.go_on_reconciling"


def begin() -> Reconciliation:
    """Today's comparison; an earlier one that is under way is brought to its end instead."""
    now, livemode = timezone.now(), stripe_client.is_live()
    under_way = Reconciliation.objects.filter(livemode=livemode, finished_at=None)
    for stuck in under_way.filter(started_at__lt=now - GIVEN_UP):
        logger.error("the comparison with Stripe got stuck at %s %s", stuck.step, stuck.after)
        under_way.filter(pk=stuck.pk).update(finished_at=now)
    values = {"since": now - stripe_reconciliation.WINDOW, "worked_at": now}
    row, _ = Reconciliation.objects.get_or_create(
        livemode=livemode, finished_at=None, defaults=values
    )
    return row


def sweep() -> None:
    """Have somebody take up what was left alone."""
    now = timezone.now()
    left_alone = Reconciliation.objects.filter(
        livemode=stripe_client.is_live(), finished_at=None, worked_at__lt=now - LEFT_ALONE
    )
    for pk in left_alone.values_list("pk", flat=True):
        left_alone.filter(pk=pk).update(worked_at=now)
        doorbell.ring(GO_ON, pk)


def go_on(row: Reconciliation, *, seconds: float = AT_A_TIME_SECONDS) -> None:
    """Compare until the time is over, and have the rest done next. Raises PaymentUnavailable."""
    end = monotonic() + seconds
    mine = Reconciliation.objects.filter(pk=row.pk, finished_at=None)
    walk = Walk(row.since)
    try:
        for place in walk.go(Place(row.step, row.after) if row.step else Place()):
            mine.update(step=place.step, after=place.after, worked_at=timezone.now())
            if monotonic() > end:
                doorbell.ring(GO_ON, row.pk)
                return
        mine.update(finished_at=timezone.now())
    finally:
        _tell(walk.report)


def _tell(report: stripe_reconciliation.Report) -> None:
    for repaired in report.repaired:
        logger.warning("reconciled with Stripe: %s", repaired)
    for open_question in report.decide:
        logger.error("Stripe and our orders disagree: %s", open_question)
