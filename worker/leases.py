"""Leases: one runner at a time, of work that several would only get in each other's way with.

The row outlives its holder: what a killed worker held is free again when the time is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from django.db.models import Q
from django.utils import timezone

from worker.models import Lease


@contextmanager
def lease(name: str, seconds: float) -> Iterator[bool]:
    """True inside for the one caller who got the lease, False for everybody else.

    The work must be over within `seconds`: after that somebody else may begin.
    """
    holder = uuid4().hex
    held = _acquire(name, holder, seconds)
    try:
        yield held
    finally:
        if held:
            _release(name, holder)


def _acquire(name: str, holder: str, seconds: float) -> bool:
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    free = Lease.objects.filter(Q(holder="") | Q(expires_at__lte=now), name=name)
    if free.update(holder=holder, expires_at=until):
        return True
    _, created = Lease.objects.get_or_create(
        name=name, defaults={"holder": holder, "expires_at": until}
    )
    return created


def _release(name: str, holder: str) -> None:
    # Only one's own: a holder that was too slow must not free its successor's.
    Lease.objects.filter(name=name, holder=holder).update(holder="")
