"""The same key gives the same generation; another request under it is refused."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from generations.models import Generation, ProviderAccount
from tests.conftest import Person, make_person
from tests.generations.test_main_job import SOUND

pytestmark = pytest.mark.django_db
KEY = {"Idempotency-Key": "order-4711"}


def test_it_answers_the_same_generation_again(ada: Person, cloudsway: ProviderAccount) -> None:
    first = ada.api.post("/generations", SOUND, **KEY)
    again = ada.api.post("/generations", SOUND, **KEY)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert again["Idempotency-Replayed"] == "true"
    assert ada.api.get("/credits").json()["held"] == "0.25"


def test_it_refuses_another_request_under_the_key(ada: Person, cloudsway: ProviderAccount) -> None:
    ada.api.post("/generations", SOUND, **KEY)
    other = {**SOUND, "input": {"prompt": "Thunder", "duration": 3}}
    response = ada.api.post("/generations", other, **KEY)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_mismatch")
    assert Generation.objects.count() == 1


def test_it_forgets_a_key_after_a_day(ada: Person, cloudsway: ProviderAccount) -> None:
    first = ada.api.post("/generations", SOUND, **KEY).json()
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        second = ada.api.post("/generations", SOUND, **KEY).json()
    assert first["id"] != second["id"]


def test_it_keeps_workspaces_apart(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    mine = ada.api.post("/generations", SOUND, **KEY).json()
    theirs = charlie.api.post("/generations", SOUND, **KEY).json()
    assert mine["id"] != theirs["id"]


def test_it_does_not_remember_a_refusal(ada: Person, cloudsway: ProviderAccount) -> None:
    wrong = {**SOUND, "input": {"duration": 3}}
    assert ada.api.post("/generations", wrong, **KEY).status_code == 422
    assert ada.api.post("/generations", SOUND, **KEY).status_code == 202


@pytest.mark.parametrize("key", ["x" * 256, "tab\there"])
def test_it_refuses_a_key_it_cannot_keep(ada: Person, cloudsway: ProviderAccount, key: str) -> None:
    response = ada.api.post("/generations", SOUND, **{"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"


def at_once(count: int, act: Any) -> list[Any]:
    """Call `act` in `count` threads that start together; each with its own connection."""
    start, results = threading.Barrier(count), []

    def run() -> None:
        start.wait()
        try:
            results.append(act())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_makes_one_generation_of_twenty_equal_requests_at_once(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    answers = at_once(20, lambda: ada.api.post("/generations", SOUND, **KEY).json())
    assert len(answers) == 20
    assert len({answer["id"] for answer in answers}) == 1
    assert Generation.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_makes_twenty_generations_without_the_key(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    """The control: without the key, the same twenty requests are twenty jobs."""
    at_once(20, lambda: ada.api.post("/generations", SOUND).json())
    assert Generation.objects.count() == 20


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_sells_the_last_credits_once(ada: Person, cloudsway: ProviderAccount) -> None:
    video = {"operation": "text-to-video", "input": {"prompt": "sea", "mode": "4k", "duration": 15}}
    answers = at_once(10, lambda: ada.api.post("/generations", video).status_code)
    assert sorted(answers) == [202] * 2 + [402] * 8
    assert ada.api.credits() == {"balance": "100", "held": "90", "available": "10"}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_answers_the_same_when_the_first_one_took_the_last_credits(
    cloudsway: ProviderAccount,
) -> None:
    poor = make_person("poor@example.com", credits="0.25")
    answers = at_once(8, lambda: poor.api.post("/generations", SOUND, **KEY))
    assert [answer.status_code for answer in answers] == [202] * 8
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_answers_the_same_when_the_first_one_took_the_last_place(
    cloudsway: ProviderAccount,
) -> None:
    person = make_person("free@example.com", credits="10", plan="free")
    for _ in range((person.workspace.plan.running_jobs or 0) - 1):
        person.api.post("/generations", SOUND)
    answers = at_once(8, lambda: person.api.post("/generations", SOUND, **KEY))
    assert [answer.status_code for answer in answers] == [202] * 8
    assert len({answer.json()["id"] for answer in answers}) == 1
