"""The clock: asks, again and again, what is due, and rings it.

django-q2's own schedules run every 30 seconds at best. The clock runs in the supervisor of each
worker machine; it rings tasks through the queue and does no work itself. Two clocks at once
cost one needless doorbell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from django.conf import settings
from django_q.models import OrmQ

from worker.doorbell import ring

Alarm = tuple[str, tuple[int, ...]]


class Clock:
    """Rings what the functions in `settings.WORKER_ALARMS` say is due, each at most once at a time.

    A doorbell that nobody has answered yet is not rung again: a cluster that stands still must
    not come back to ten thousand of them.
    """

    def __init__(self) -> None:
        self._asked = [_load(path) for path in settings.WORKER_ALARMS]
        self._rung: dict[Alarm, int] = {}

    def tick(self) -> int:
        """Ring what is due and not yet rung; returns how many."""
        due = {alarm for ask in self._asked for alarm in ask()}
        self._forget_answered()
        new = due - set(self._rung)
        for task, args in new:
            self._rung[task, args] = ring(task, *args)
        return len(new)

    def _forget_answered(self) -> None:
        waiting = set(
            OrmQ.objects.filter(pk__in=self._rung.values()).values_list("pk", flat=True)
        )
        self._rung = {alarm: pk for alarm, pk in self._rung.items() if pk in waiting}


def _load(path: str) -> Callable[[], Iterable[Alarm]]:
    module, _, name = path.rpartition(".")
    found: Callable[[], Iterable[Alarm]] = getattr(import_module(module), name)
    return found
