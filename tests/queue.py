"""Run what is queued, in this process: the same function calls that a worker would make."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage

LIMIT = 500


def drain_queue(*, due_only: bool = True) -> int:
    """Call the queued tasks, oldest first; the number of calls.

    By default goes on until nothing is due, tasks that the tasks queue included. With
    `due_only=False` makes one round over all that is queued now, as if every wait were over: a
    task that queues itself again would never end.
    """
    calls = 0
    while pks := _queued(due_only=due_only):
        calls += sum(_call(pk) for pk in pks)
        assert calls < LIMIT, "the queue does not get empty"
        if not due_only:
            break
    return calls


def _queued(*, due_only: bool) -> list[int]:
    rows = OrmQ.objects.filter(key=Conf.CLUSTER_NAME)
    if due_only:
        rows = rows.filter(Q(lock=None) | Q(lock__lte=timezone.now()))
    return list(rows.order_by("lock", "pk").values_list("pk", flat=True))


def _call(pk: int) -> bool:
    row = OrmQ.objects.filter(pk=pk).first()
    if row is None:  # a task before it emptied the queue
        return False
    task = SignedPackage.loads(row.payload)
    row.delete()
    import_string(task["func"])(*task["args"], **task["kwargs"])
    return True
