"""`Prefer: wait=N`: an answer when the job is final, and in any case an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from generations.api import waiting
from generations.models import Generation, ProviderAccount, State
from tests.conftest import Person
from tests.generations.test_main_job import SOUND
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def fail_it() -> None:
    now = timezone.now()
    Generation.objects.update(state=State.FAILED, due_at=None, finished_at=now, error_code="x")


def delete_it() -> None:
    now = timezone.now()
    Generation.objects.update(state=State.FAILED, due_at=None, finished_at=now, deleted_at=now)


def cut_every_other_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def answer_while(person: Person, act: Callable[[], None]) -> Any:
    """The answer to a create that waits, with `act` done once the job is there."""
    answers: list[Any] = []

    def post() -> None:
        try:
            answers.append(person.api.post("/generations", SOUND, Prefer="wait=5"))
        finally:
            connections.close_all()

    thread = threading.Thread(target=post)
    thread.start()
    wait_until(Generation.objects.exists, seconds=10)
    act()
    thread.join()
    [answer] = answers
    return answer


def test_it_answers_after_the_time(ada: Person, cloudsway: ProviderAccount) -> None:
    answer = ada.api.post("/generations", SOUND, Prefer="wait=1")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert answer["Preference-Applied"] == "wait=1"


def test_it_says_that_it_waited_only_where_it_did(ada: Person, cloudsway: ProviderAccount) -> None:
    headers = {"Prefer": "wait=1", "Idempotency-Key": "order-1"}
    with ExitStack() as taken:
        while waiting.places.acquire(blocking=False):
            taken.callback(waiting.places.release)
        answer = ada.api.post("/generations", SOUND, **headers)
        assert (answer.status_code, answer.json()["status"]) == (202, "queued")
        assert "Preference-Applied" not in answer
        fail_it()
        final = ada.api.post("/generations", SOUND, **headers)
        assert (final.json()["status"], final["Preference-Applied"]) == ("failed", "wait=1")


@pytest.mark.parametrize("prefer", ["wait=61", "wait=999999"])
def test_it_refuses_too_long_a_time(ada: Person, cloudsway: ProviderAccount, prefer: str) -> None:
    answer = ada.api.post("/generations", SOUND, Prefer=prefer)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Prefer")
    assert not Generation.objects.exists()


@pytest.mark.race
def test_it_answers_when_the_job_is_final(ada: Person, cloudsway: ProviderAccount) -> None:
    answer = answer_while(ada, fail_it)
    assert (answer.status_code, answer.json()["status"]) == (202, "failed")


@pytest.mark.race
@pytest.mark.parametrize("act", [delete_it, cut_every_other_connection])
def test_it_answers_whatever_happens_meanwhile(
    ada: Person, cloudsway: ProviderAccount, act: Callable[[], None]
) -> None:
    """The job is there and its credits are held: "nothing was charged" would have it sent twice."""
    answer = answer_while(ada, act)
    assert answer.status_code == 202
    assert answer.json()["id"] == Generation.objects.get().public_id
