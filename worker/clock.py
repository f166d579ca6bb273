"""The clock: asks, again and again, what is due, and rings it.

django-q2's own schedules run every 30 seconds at best. The clock runs in the supervisors, in one
of them at a time; it rings tasks through the queue and does no work itself. Two clocks at once
cost one needless doorbell.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib import import_module
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django_q.models import OrmQ

from worker import leases
from worker.doorbell import ring

logger = logging.getLogger(__name__)

LEASE = "clock"
# The next clock begins this long after the last one was killed.
LEASE_SECONDS = 5.0

Alarm = tuple[str, tuple[int, ...]]


class Clock:
    """Rings what the functions in `settings.WORKER_ALARMS` say is due, each at most once at a time.

    A doorbell that nobody has answered yet is not rung again: a cluster that stands still must
    not come back to ten thousand of them.
    """

    def __init__(self) -> None:
        self._holder = uuid4().hex
        self._asked = [_load(path) for path in settings.WORKER_ALARMS]
        self._rung: dict[Alarm, int] = {}

    def tick(self) -> int:
        """Ring what is due and not yet rung; returns how many (0 while another is the clock)."""
        if not leases.acquire(LEASE, self._holder, LEASE_SECONDS):
            return 0
        due = {alarm for ask in self._asked for alarm in _answer(ask)}
        self._forget_answered()
        new = due - set(self._rung)
        for task, args in new:
            self._rung[task, args] = ring(task, *args)
        return len(new)

    def stop(self) -> None:
        """Let another supervisor's be the clock at once."""
        leases.release(LEASE, self._holder)

    def _forget_answered(self) -> None:
        waiting = set(OrmQ.objects.filter(pk__in=self._rung.values()).values_list("pk", flat=True))
        self._rung = {alarm: pk for alarm, pk in self._rung.items() if pk in waiting}


def _answer(ask: Callable[[], Iterable[Alarm]]) -> Iterable[Alarm]:
    try:
        return ask()
    except (DatabaseError, InterfaceError):
        raise  # the supervisor waits for the database
    except Exception:  # one app's fault must not stop the queue of all
        logger.exception("an alarm failed")
        return ()


def _load(path: str) -> Callable[[], Iterable[Alarm]]:
    module, _, name = path.rpartition(".")
    found: Callable[[], Iterable[Alarm]] = getattr(import_module(module), name)
    return found
