"""Several workers take due rows at once: each row goes to one of them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connections

from generations import claims, refresh, timing
from generations.models import Generation
from tests.conftest import Person, make_account
from tests.generations.polling.jobs import running_jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

WORKERS, JOBS = 4, 40


def race(claim: Callable[[int, datetime], list[int]]) -> Counter[int]:
    """How often each job was taken by workers that begin together and go on until all is taken."""
    taken: Counter[int] = Counter()
    together = threading.Barrier(WORKERS)

    def work() -> None:
        together.wait()
        while pks := claim(5, timing.lease(90)):
            taken.update(pks)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


@pytest.fixture
def jobs(ada: Person) -> list[Generation]:
    return running_jobs(ada, make_account("http://127.0.0.1:9"), JOBS)


def test_each_job_is_taken_once(jobs: list[Generation]) -> None:
    taken = race(lambda most, until: claims.take(refresh.due(), most=most, until=until))
    assert taken == Counter(job.pk for job in jobs)


def test_without_the_lock_some_are_taken_twice(jobs: list[Generation]) -> None:
    """The control: the same statements, but for the lock."""
    all_have_read, own = threading.Barrier(WORKERS), threading.local()

    def careless(most: int, until: datetime) -> list[int]:
        pks = list(refresh.due().order_by("due_at").values_list("pk", flat=True)[:most])
        if not hasattr(own, "began"):
            own.began = True
            all_have_read.wait(10)
        Generation.objects.filter(pk__in=pks).update(due_at=until)
        return pks

    assert max(race(careless).values()) == WORKERS
