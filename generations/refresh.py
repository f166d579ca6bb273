"""Running jobs that somebody has to look at, and who makes them due: clocks, callbacks, people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from generations import askable, callback_health
from generations.models import Generation, State

RUNNING = (State.PROCESSING, State.RECONCILING)
LATE_CALLBACKS = timedelta(hours=1)  # after the verdict


def due() -> QuerySet[Generation]:
    """Running jobs whose time has come; not those of a provider that has to rest."""
    return without(_resting())


def next_due() -> datetime | None:
    """When the next running job's time comes, or came."""
    resting = _resting()
    rows = Generation.objects.filter(due_at__isnull=False)
    rows = rows.exclude(account__in=resting) if resting else rows
    times = rows.order_by("due_at").values_list("due_at", flat=True)
    # By state, as the index is: of both at once the database would sort all that run.
    firsts = [times.filter(state=state).first() for state in RUNNING]
    return min((first for first in firsts if first), default=None)


def _resting() -> set[int]:
    """Accounts whose provider is not to be asked now."""
    return {pk for pk, may_be_asked in askable.troubled().items() if not may_be_asked}


def without(accounts: Collection[int]) -> QuerySet[Generation]:
    """Running jobs whose time has come, but for those of some accounts."""
    rows = Generation.objects.filter(state__in=RUNNING, due_at__lte=timezone.now())
    return rows.exclude(account__in=accounts) if accounts else rows


def wake(generation: Generation) -> None:
    """Make a running job due now: somebody wants to know. Nothing else is believed."""
    Generation.objects.filter(pk=generation.pk, state__in=RUNNING).update(due_at=timezone.now())


def call_back(generation: Generation) -> None:
    """The same for a callback, which is also counted: callbacks that come save queries."""
    called = {"called_back_at": Coalesce("called_back_at", Now())}
    running = Generation.objects.filter(pk=generation.pk, state__in=RUNNING)
    if running.update(due_at=timezone.now(), **called):
        return
    lately = timezone.now() - LATE_CALLBACKS
    decided = Generation.objects.filter(
        Q(state=State.STORING) | Q(finished_at__gt=lately), pk=generation.pk, called_back_at=None
    )
    if decided.update(called_back_at=Now()):
        callback_health.heard_late(generation)
