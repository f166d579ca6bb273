"""Rounds of polling beside the one that the clock rings: when that one does not keep up."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from generations import refresh
from worker import leases
from worker.doorbell import ring
from worker.heartbeat import workers_alive

BEHIND = timedelta(seconds=0.25)  # that a due job waits: more than one round can do
SECONDS = 20.0  # that a call holds, while nobody calls another
LEASE = "polling help"  # with a number: one for each that may help


def call(busy: Collection[int]) -> None:
    """Ring another round, one on each worker machine at most, if jobs have been due for long.

    Jobs of `busy` accounts are not counted: it is their provider that cannot do more.
    """
    # Not by the first that is due: where all are of busy accounts, that walks over all in flight.
    behind = refresh.due().filter(due_at__lte=timezone.now() - BEHIND)
    if not behind.exclude(account__in=busy).exists():
        return
    for number in range(max(1, workers_alive())):
        if leases.acquire(f"{LEASE} {number}", uuid4().hex, SECONDS):
            ring("generations.tasks.help_refresh")
            return
