"""Leases: one runner at a time, of work that several would only get in each other's way with.

The row outlives its holder: what a killed worker held is free again when the time is over.
Time is the database's own: two machines whose clocks differ agree on who holds what.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from worker.models import Lease


@contextmanager
def lease(name: str, seconds: float) -> Iterator[bool]:
    """True inside for the one caller who got the lease, False for everybody else.

    The work must be over within `seconds`: after that somebody else may begin.
    """
    holder = uuid4().hex
    held = acquire(name, holder, seconds)
    try:
        yield held
    finally:
        if held:
            release(name, holder)


def acquire(name: str, holder: str, seconds: float) -> bool:
    """Take the lease, or prolong one's own; False when another holder has it."""
    until = Now() + timedelta(seconds=seconds)
    free = Q(holder="") | Q(holder=holder) | Q(expires_at__lte=Now())
    if Lease.objects.filter(free, name=name).update(holder=holder, expires_at=until):
        return True
    if Lease.objects.filter(name=name).exists():
        return False
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, holder=holder, expires_at=until)
    except IntegrityError:  # somebody else was first to use this name
        return False
    return True


def release(name: str, holder: str) -> None:
    # Only one's own: a holder that was too slow must not free its successor's.
    Lease.objects.filter(name=name, holder=holder).update(holder="")
