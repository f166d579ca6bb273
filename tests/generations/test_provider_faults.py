"""Whatever the provider does: one task, no lost credit, and a state that says what is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

import billing.credits
from billing import ledger
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, create
from tests.working import finish, reach, work_until

pytestmark = pytest.mark.django_db(transaction=True)

MAYBE_ACCEPTED = [
    {"kind": "drop"},
    {"kind": "http_500"},
    {"kind": "html_502"},
    {"kind": "broken_json"},
    {"kind": "code", "value": 5000},
    {"kind": "code", "value": 5002},
]
NOT_ACCEPTED = [
    {"kind": "code", "value": 1302},
    {"kind": "code", "value": 1303},
    {"kind": "code", "value": 5001},
    # No code of Kling's: what a proxy before it says.
    {"kind": "code", "value": 429, "http": 429},
]


def fault_name(fault: dict[str, Any]) -> str:
    return " ".join(str(value) for value in fault.values())


@pytest.fixture
def job(ada: Person, cloudsway: ProviderAccount) -> dict[str, Any]:
    return create(ada.api, SOUND)


def assert_the_books_are_clean(person: Person) -> None:
    assert ledger.check().violations == []
    assert billing.credits.balance(person.workspace).held == 0


@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "lost"])
@pytest.mark.parametrize("fault", MAYBE_ACCEPTED, ids=fault_name)
def test_it_makes_one_task_when_the_answer_is_lost(
    ada: Person,
    job: dict[str, Any],
    simulator: RunningSimulator,
    fault: dict[str, Any],
    accepted: bool,
) -> None:
    simulator.faults.add(stage="submit", accepted=accepted, times=1, **fault)
    generation = finish(job["id"])
    assert generation.state == State.SUCCEEDED
    assert "reconciling" in [step.now for step in generation.transitions.all()]
    assert len(simulator.tasks()) == 1
    assert generation.attempts == (1 if accepted else 2)
    assert_the_books_are_clean(ada)


@pytest.mark.parametrize("fault", NOT_ACCEPTED, ids=fault_name)
def test_it_waits_when_the_provider_is_busy(
    ada: Person, job: dict[str, Any], simulator: RunningSimulator, fault: dict[str, Any]
) -> None:
    simulator.faults.add(stage="submit", times=2, **fault)
    generation = finish(job["id"])
    assert (generation.state, generation.attempts) == (State.SUCCEEDED, 3)
    assert len(simulator.tasks()) == 1
    assert_the_books_are_clean(ada)


@pytest.mark.parametrize("code", [1000, 1002, 1101, 1102, 1103, 401])
def test_it_pauses_an_account_that_is_refused(
    ada: Person,
    job: dict[str, Any],
    cloudsway: ProviderAccount,
    simulator: RunningSimulator,
    code: int,
) -> None:
    http = code if code < 1000 else None  # no code of Kling's: what a proxy before it says
    simulator.faults.add(stage="submit", kind="code", value=code, http=http, times=1)

    def is_paused() -> bool:
        cloudsway.refresh_from_db()
        return cloudsway.paused_at is not None

    work_until(is_paused)
    assert str(code) in cloudsway.paused_reason
    assert Generation.objects.get(public_id=job["id"]).state == State.QUEUED
    assert ada.api.post("/generations", SOUND).status_code == 503
    assert billing.credits.balance(ada.workspace).held == 250_000


@pytest.mark.parametrize(("code", "named"), [(1301, "content_policy"), (1201, "rejected")])
def test_it_fails_a_job_that_the_provider_rejects(
    ada: Person, job: dict[str, Any], simulator: RunningSimulator, code: int, named: str
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=code, times=1)
    generation = finish(job["id"])
    assert (generation.state, generation.error_code) == (State.FAILED, named)
    assert generation.error_message
    assert ada.api.credits() == {"balance": "100", "held": "0", "available": "100"}
    assert_the_books_are_clean(ada)


@pytest.mark.parametrize(
    "fault",
    [
        {"stage": "query", "kind": "drop", "times": 2},
        {"stage": "query", "kind": "html_502", "times": 2},
        {"stage": "query", "kind": "broken_json", "times": 2},
        {"stage": "query", "kind": "not_found", "times": 3},
        {"stage": "query", "kind": "wrapped", "times": None},
        {"stage": "task", "kind": "status_word", "value": "PAUSED", "times": 1},
        {"stage": "download", "kind": "status", "value": 403, "times": 1},
        {"stage": "download", "kind": "cut", "times": 1},
        {"stage": "download", "kind": "html", "times": 1},
    ],
    ids=lambda fault: f"{fault['stage']} {fault['kind']}",
)
def test_it_gets_there_in_spite_of(
    ada: Person, job: dict[str, Any], simulator: RunningSimulator, fault: dict[str, Any]
) -> None:
    simulator.faults.add(**fault)
    generation = finish(job["id"], seconds=60)
    assert generation.state == State.SUCCEEDED
    assert len(simulator.tasks()) == 1
    assert_the_books_are_clean(ada)


def test_it_keeps_the_hold_when_success_has_no_result(
    ada: Person, job: dict[str, Any], simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="task", kind="no_url", times=1)
    generation = reach(job["id"], State.RECONCILING)
    assert "without a result" in generation.attention
    assert billing.credits.balance(ada.workspace).held == 250_000


def test_it_gives_up_on_a_result_that_never_comes(
    ada: Person, job: dict[str, Any], simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="task", kind="no_url", times=None)
    reach(job["id"], State.RECONCILING)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):  # 50 at this scale
        generation = finish(job["id"])
    assert (generation.state, generation.error_code) == (State.FAILED, "result_lost")
    assert ada.api.credits() == {"balance": "100", "held": "0", "available": "100"}
    assert_the_books_are_clean(ada)


def test_it_refunds_a_result_that_is_gone_for_good(
    ada: Person, job: dict[str, Any], simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="download", kind="status", value=404, times=None)
    generation = finish(job["id"], seconds=60)
    assert (generation.state, generation.error_code) == (State.FAILED, "result_lost")
    kinds = [entry.kind for entry in generation.hold.entries.order_by("seq")]
    assert kinds == ["capture", "refund"]
    assert ada.api.get("/credits").json()["balance"] == "100"


def test_it_parks_a_job_where_the_provider_cannot_be_asked(
    ada: Person, simulator: RunningSimulator
) -> None:
    """CometAPI's page of text-to-audio does not say that tasks are found by our id."""
    make_account(simulator.url, dialect="cometapi")
    simulator.faults.add(stage="submit", kind="drop", accepted=False, times=1)
    job = create(ada.api, SOUND)

    def needs_a_person() -> bool:
        return bool(Generation.objects.get(public_id=job["id"]).attention)

    work_until(needs_a_person)
    generation = Generation.objects.get(public_id=job["id"])
    assert (generation.state, generation.attempts) == (State.RECONCILING, 1)
    assert billing.credits.balance(ada.workspace).held == 250_000
    assert ada.api.get(f"/generations/{job['id']}").json()["status"] == "reconciling"
