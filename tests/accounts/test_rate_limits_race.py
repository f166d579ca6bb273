"""Many requests at the same moment, on connections of their own, as from several processes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts import rates
from accounts.models import Plan, RequestCount
from tests.conftest import Api, Person

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
LOGIN = "/accounts/login/"
THREADS, EACH, LIMIT = 8, 5, 7


def together(call: Callable[[], int]) -> list[int]:
    barrier = threading.Barrier(THREADS)

    def run(_: int) -> list[int]:
        try:
            barrier.wait(20)
            return [call() for _ in range(EACH)]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [one for found in pool.map(run, range(THREADS)) for one in found]


def test_exactly_as_many_pass_as_are_allowed(ada: Person) -> None:
    plan = Plan.objects.create(slug="small", name="Small", requests_per_minute=LIMIT)
    ada.workspace.plan = plan
    ada.workspace.save(update_fields=["plan"])
    statuses = together(lambda: Api(ada.api.key).get("/operations").status_code)

    assert Counter(statuses) == {200: LIMIT, 429: THREADS * EACH - LIMIT}


def test_each_request_gets_a_number_of_its_own() -> None:
    used = together(lambda: rates.count("requests", "one", limit=LIMIT).used)

    assert sorted(used) == list(range(1, THREADS * EACH + 1))


def test_reading_and_then_writing_would_count_too_few() -> None:
    """The control: as a cache's get and set would do it."""
    RequestCount.objects.create(key="naive", started=0, count=0)
    read = threading.Barrier(THREADS)

    def naive() -> int:
        count = RequestCount.objects.get(key="naive").count
        read.wait(20)
        RequestCount.objects.filter(key="naive").update(count=count + 1)
        read.wait(20)
        return count + 1

    together(naive)
    assert RequestCount.objects.get(key="naive").count == EACH


def test_guesses_at_the_same_moment_are_counted_too(ada: Person) -> None:
    """Five wrong passwords in five minutes, from whatever processes they are checked by."""

    def guess() -> int:
        form = {"login": ada.user.email, "password": "a-guess"}
        return int("is not right" in Client().post(LOGIN, form).content.decode())

    assert 1 <= sum(together(guess)) <= 5
    assert guess() == 0
