from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone
from django_q.models import OrmQ, Task

from worker import leases
from worker.broker import own_line
from worker.doorbell import ring, ring_at
from worker.models import Heartbeat, Lease
from worker.tasks import prune


def fail_a_task(*, days_ago: int) -> None:
    then = timezone.now() - timedelta(days=days_ago)
    Task.objects.create(
        id=uuid4().hex, name="task", func="some.task", started=then, stopped=then, success=False
    )


def test_it_keeps_failed_tasks_for_two_weeks(db: None) -> None:
    for days_ago in (1, 13, 15, 100):
        fail_a_task(days_ago=days_ago)
    prune()
    assert Task.objects.count() == 2


def test_it_forgets_workers_that_are_gone(db: None) -> None:
    now = timezone.now()
    for name, hours in (("lives", 0), ("rests", 23), ("gone", 25)):
        then = now - timedelta(hours=hours)
        Heartbeat.objects.create(worker_id=name, host="h", started_at=then, beat_at=then)
    then = now - timedelta(hours=25)
    Heartbeat.objects.create(worker_id="never worked", host="h", started_at=then)
    prune()
    assert set(Heartbeat.objects.values_list("worker_id", flat=True)) == {"lives", "rests"}


def test_it_clears_the_lines_of_dead_workers_only(db: None) -> None:
    ring("some.task")
    ring_at(own_line("dead"), "worker.heartbeat.beat")
    OrmQ.objects.update(lock=timezone.now() - timedelta(days=2))
    ring_at(own_line("alive"), "worker.heartbeat.beat")
    prune()
    assert set(OrmQ.objects.values_list("key", flat=True)) == {"kling", own_line("alive")}


def test_it_keeps_leases_that_are_held(db: None) -> None:
    leases.acquire("held", "me", 60)
    leases.acquire("old", "somebody", 60)
    Lease.objects.filter(name="old").update(expires_at=timezone.now() - timedelta(days=2))
    prune()
    assert list(Lease.objects.values_list("name", flat=True)) == ["held"]
