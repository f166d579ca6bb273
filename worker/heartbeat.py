"""Heartbeats: a task that goes through one cluster, to see that it really works.

A cluster can stand still with every process running: an idle worker that is killed takes the
queue's lock with it, a monitor that is killed takes that of the results. So a supervisor lays a
heartbeat into the line that only its own cluster reads (`worker.broker`), and looks for three
things: a worker runs it (`beat_at`), the monitor acknowledges it (the row is gone), both in time.

While every process works on a task no heartbeat can come through, for as long as a task may take.
That is work, not silence; so is any task that has just begun or ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic

from django.db.models.functions import Now
from django_q.conf import Conf
from django_q.models import OrmQ

from worker import roster
from worker.broker import own_line
from worker.doorbell import ring_at
from worker.models import Heartbeat
from worker.roster import Activity, Member

# A task that is this much over its time is stuck, not busy.
OVERTIME_SECONDS = 30


def beat() -> None:
    """The task itself: says that the cluster it runs in works."""
    if roster.card:
        Heartbeat.objects.filter(worker_id=roster.card.worker_id).update(beat_at=Now())


def workers_alive(*, seconds: float = 60) -> int:
    """The number of workers whose last heartbeat is younger than `seconds`."""
    return Heartbeat.objects.filter(beat_at__gt=Now() - timedelta(seconds=seconds)).count()


class Pulse:
    """Rings one heartbeat after the other, and says what is wrong when one is not answered.

    `every`, `patience` and `start_patience` are seconds: between heartbeats, until silence is a
    fault, and the same for the first one after a start.
    """

    def __init__(
        self, worker_id: str, *, every: float, patience: float, start_patience: float
    ) -> None:
        self.worker_id = worker_id
        self.every = every
        self.patience = patience
        self.start_patience = start_patience
        self.begin()

    def begin(self) -> None:
        """Forget what was: a new cluster owes no answer to what its predecessor was asked."""
        self.row: int | None = None
        self.before: datetime | None = None
        self.ran_at: float | None = None
        self.rung_at = 0.0
        self.next_at = 0.0
        self.allowed = self.start_patience

    def fault(self, members: Iterable[Member]) -> str:
        """What is wrong with the cluster; empty when nothing is. Rings when it is time to."""
        now = monotonic()
        if self.row is None:
            if now >= self.next_at:
                self._ring()
            return ""
        if not OrmQ.objects.filter(pk=self.row).exists():
            self.row, self.next_at, self.allowed = None, now + self.every, self.patience
            return ""
        if self.ran_at is None and self._beat_at() != self.before:
            self.ran_at = now
        if self.ran_at is not None:
            return "results are not recorded" if now - self.ran_at > self.patience else ""
        silent_since = max(self.rung_at, last_activity(members, now=now))
        return "no process takes tasks" if now - silent_since > self.allowed else ""

    def _ring(self) -> None:
        self.before = self._beat_at()
        self.ran_at = None
        self.row = ring_at(own_line(self.worker_id), "worker.heartbeat.beat")
        self.rung_at = monotonic()

    def _beat_at(self) -> datetime | None:
        rows = Heartbeat.objects.filter(worker_id=self.worker_id)
        return rows.values_list("beat_at", flat=True).first()


def last_activity(members: Iterable[Member], *, now: float) -> float:
    """When (monotonic) a task last began or ended; now, while every process has one."""
    working = [m for m in members if m.activity in (Activity.BUSY, Activity.IDLE) and m.is_alive]
    limit = now - (Conf.TIMEOUT or 0) - OVERTIME_SECONDS
    busy = [m for m in working if m.activity == Activity.BUSY and m.since > limit]
    if len(busy) >= Conf.WORKERS:
        return now
    return max((member.since for member in working), default=0.0)
