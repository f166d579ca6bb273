from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Task

from worker.models import Heartbeat, Lease

KEEP_FAILED_TASKS = timedelta(days=14)
KEEP_DEAD = timedelta(days=1)


def prune() -> None:
    """Every hour: remove what nobody else does. django-q2 keeps each failed task for ever."""
    now = timezone.now()
    Task.objects.filter(stopped__lt=now - KEEP_FAILED_TASKS).delete()
    gone = Q(beat_at__lt=now - KEEP_DEAD) | Q(beat_at=None, started_at__lt=now - KEEP_DEAD)
    Heartbeat.objects.filter(gone).delete()
    Lease.objects.filter(expires_at__lt=now - KEEP_DEAD).delete()
    # Heartbeats of supervisors that were killed: nobody reads their line any more.
    dead_lines = OrmQ.objects.filter(key__startswith=f"{Conf.CLUSTER_NAME}@")
    dead_lines.filter(lock__lt=now - KEEP_DEAD).delete()
