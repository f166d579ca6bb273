"""Two threads that want the same lease at the same moment: one gets it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.db.models.functions import Now

from worker import leases
from worker.leases import lease
from worker.models import Lease

Acquire = Callable[[str, str, float], bool]


def acquire_without_condition(name: str, holder: str, seconds: float, pause: Barrier) -> bool:
    """The control: look, then take. What both saw is no longer true when they write."""
    free = not Lease.objects.filter(name=name, expires_at__gt=Now()).exclude(holder="").exists()
    pause.wait(timeout=20)
    if free:
        Lease.objects.filter(name=name).update(holder=holder)
    return free


def compete(acquire: Acquire) -> int:
    """Two threads try at once; how many got it."""
    start = Barrier(2)

    def one(holder: str) -> bool:
        try:
            start.wait(timeout=20)
            return acquire("poll", holder, 60)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        return sum(threads.map(one, ("first", "second")))


def make_free_lease() -> None:
    Lease.objects.create(name="poll", holder="", expires_at=Now())


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_gives_two_the_lease_without_the_condition() -> None:
    make_free_lease()
    pause = Barrier(2)
    got = compete(lambda *wanted: acquire_without_condition(*wanted, pause))
    assert got == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("exists", [True, False])
def test_it_gives_one_the_lease(exists: bool) -> None:
    for _ in range(10):
        Lease.objects.all().delete()
        if exists:
            make_free_lease()
        assert compete(leases.acquire) == 1


def test_it_refuses_while_another_holds_it(db: None) -> None:
    with lease("poll", 60) as first, lease("poll", 60) as second:
        assert first
        assert not second
    with lease("poll", 60) as third:
        assert third


def test_it_keeps_leases_of_different_names_apart(db: None) -> None:
    with lease("poll", 60) as first, lease("prune", 60) as second:
        assert first
        assert second


def test_it_is_free_again_after_its_time(db: None) -> None:
    assert leases.acquire("poll", "killed", -1)
    assert leases.acquire("poll", "next", 60)


def test_it_lets_its_holder_prolong_it(db: None) -> None:
    assert leases.acquire("poll", "me", 60)
    assert leases.acquire("poll", "me", 60)


def test_a_slow_holder_does_not_free_its_successors(db: None) -> None:
    assert leases.acquire("poll", "slow", -1)
    assert leases.acquire("poll", "next", 60)
    leases.release("poll", "slow")
    assert not leases.acquire("poll", "third", 60)


def test_it_is_released_when_the_work_fails(db: None) -> None:
    with pytest.raises(ZeroDivisionError), lease("poll", 60):
        1 / 0  # noqa: B018
    with lease("poll", 60) as held:
        assert held
