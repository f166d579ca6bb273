"""Doorbells: django-q2 entries that say "look at this row", never what the row means.

With the ORM broker on the same database an entry is an INSERT that joins the caller's
transaction: it is there if and only if the change it announces is. Entries may be lost
(purged queue) or doubled (a worker died): what they call must find in the rows what is due.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage


def ring(task: str, *args: int | str, delay: float = 0) -> int:
    """Have a worker call the function at dotted path `task` with `args`, `delay` seconds from now.

    Returns the entry's id; the entry is gone once it is answered. Only ids belong into `args`, and
    words for a person: they are pickled, and may be read much later by newer code.
    """
    return ring_at(Conf.CLUSTER_NAME, task, *args, delay=delay)


def ring_at(key: str, task: str, *args: int | str, delay: float = 0) -> int:
    """The same, in the queue `key`."""
    # The broker hands a row out once `lock` has passed: a delayed doorbell without a sleeping
    # worker. django-q2 is pinned exactly because these lines know its row and its package.
    row = OrmQ.objects.create(
        key=key,
        payload=package(task, *args),
        lock=timezone.now() + timedelta(seconds=delay),
    )
    return int(row.pk)


def package(task: str, *args: int | str) -> str:
    """What django-q2 calls a package: the call, pickled and signed."""
    return str(
        SignedPackage.dumps(
            {
                "id": uuid4().hex,
                "name": task[-100:],
                "func": task,
                "args": args,
                "kwargs": {},
                "started": timezone.now(),
                "ack_failure": True,
            }
        )
    )
