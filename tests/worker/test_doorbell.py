from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import BadSignature, SignedPackage

from tests.installation import Installation
from tests.waiting import wait_until
from tests.worker.conftest import NOTE, Work
from worker.broker import Broker
from worker.doorbell import package, ring


class Undone(Exception):
    pass


@transaction.atomic
def ring_and_undo() -> None:
    ring(NOTE, "somewhere")
    assert OrmQ.objects.count() == 1
    raise Undone


def test_it_joins_the_transaction(db: None) -> None:
    with pytest.raises(Undone):
        ring_and_undo()
    assert OrmQ.objects.count() == 0
    ring(NOTE, "somewhere")
    assert OrmQ.objects.count() == 1


def test_it_is_handed_out_once(db: None) -> None:
    row = ring(NOTE, "somewhere")
    broker = Broker()
    taken = broker.dequeue()
    assert taken is not None
    assert [pk for pk, _ in taken] == [row]
    assert broker.dequeue() is None
    broker.acknowledge(row)
    assert OrmQ.objects.count() == 0


def test_it_is_handed_out_in_the_order_of_its_time(db: None) -> None:
    late, early = ring(NOTE, "late"), ring(NOTE, "early")
    now = timezone.now()
    for row, age in ((late, 1), (early, 60)):
        OrmQ.objects.filter(pk=row).update(lock=now - timedelta(seconds=age))
    broker = Broker()
    assert [(broker.dequeue() or [(0, "")])[0][0] for _ in range(2)] == [early, late]


@pytest.mark.parametrize("former", ["new", "former"])
def test_it_outlives_a_change_of_the_key(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, former: str
) -> None:
    """django-q2 reads its key once, when it is loaded: here it is loaded with another one."""
    ring(NOTE, "somewhere")
    settings.SECRET_KEY_FALLBACKS = ["some other", Conf.SECRET_KEY]
    monkeypatch.setattr(Conf, "SECRET_KEY", "a new key")
    if former == "new":
        OrmQ.objects.update(payload=package(NOTE, "somewhere"))
    taken = Broker().dequeue()
    assert taken is not None
    assert SignedPackage.loads(taken[0][1])["args"] == ("somewhere",)


def test_without_the_former_key_it_is_lost(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control; what it has announced is due all the same (tests/kling_saas/test_rotation)."""
    ring(NOTE, "somewhere")
    monkeypatch.setattr(Conf, "SECRET_KEY", "a new key")
    taken = Broker().dequeue()
    assert taken is not None
    with pytest.raises(BadSignature):
        SignedPackage.loads(taken[0][1])


def test_it_waits_for_its_time(db: None) -> None:
    row = ring(NOTE, "somewhere", delay=60)
    assert Broker().dequeue() is None
    OrmQ.objects.filter(pk=row).update(lock=timezone.now() - timedelta(seconds=1))
    assert Broker().dequeue()


@pytest.mark.processes
def test_it_runs_in_a_worker(installed: Installation) -> None:
    note = installed.var / "note"
    installed.ring(NOTE, str(note))
    Work(installed)
    wait_until(note.exists, seconds=30, what="a worker ran the task")
    wait_until(lambda: not installed.queued(), seconds=30, what="the task is recorded")
    assert len(note.read_text().splitlines()) == 1
