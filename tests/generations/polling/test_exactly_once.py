"""One paid task per job, whatever became of the answer to its submission."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

import billing.credits
from billing import ledger
from generations import absence, alarms, dispatch, slots, timing
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, create
from tests.working import call, finish, work_until

pytestmark = pytest.mark.django_db(transaction=True)


def job_of(made: dict[str, Any]) -> Generation:
    return Generation.objects.get(public_id=made["id"])


def outcomes(simulator: RunningSimulator) -> list[str]:
    return [sent["outcome"] for sent in simulator.submissions()]


def assert_paid_once(person: Person, simulator: RunningSimulator) -> None:
    assert len(simulator.tasks()) == 1
    assert ledger.check().violations == []
    assert billing.credits.balance(person.workspace).held == 0
    assert person.api.get("/credits").json()["balance"] == "99.75"


def test_a_task_that_shows_only_after_the_grace_period_is_adopted(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    """It is sent again under its id, refused as taken, and then found: recovered, not failed."""
    simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    simulator.faults.add(stage="task", kind="hidden", value=2 * timing.GRACE, times=1)
    done = finish(create(ada.api, SOUND)["id"], seconds=60)
    assert (done.state, done.attempts) == (State.SUCCEEDED, 2)
    assert len(simulator.submissions()) == 2
    assert len({sent["external_id"] for sent in simulator.submissions()}) == 1
    assert_paid_once(ada, simulator)


@pytest.mark.parametrize("dialect", ["cloudsway", "cometapi", "official"])
def test_a_provider_that_says_no_and_takes_it_is_found_out(
    ada: Person, simulator: RunningSimulator, dialect: str
) -> None:
    """1303 means "not accepted", so it is sent again; "already exists" says that it was."""
    make_account(simulator.url, dialect=dialect)
    simulator.faults.add(stage="submit", kind="code", value=1303, accepted=True, times=1)
    done = finish(create(ada.api, SOUND)["id"], seconds=60)
    assert done.state == State.SUCCEEDED
    assert [step.now for step in done.transitions.all()].count(State.RECONCILING) == 1
    assert_paid_once(ada, simulator)


def test_a_provider_that_refuses_an_id_and_never_finds_it_is_left_to_the_operator(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator, mailoutbox: list[Any],
    settings: Any,
) -> None:  # fmt: skip
    settings.OPERATOR_EMAILS = ["ops@example.com"]
    simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    simulator.faults.add(stage="task", kind="hidden", value=10**6, times=1)
    made = create(ada.api, SOUND)
    work_until(lambda: bool(job_of(made).attention), seconds=60)
    job = job_of(made)
    assert (job.state, job.attempts) == (State.RECONCILING, 1 + absence.MOST_SENT_AGAIN)
    assert billing.credits.balance(ada.workspace).held == 250_000
    call("generations.tasks.tell_operators")
    [mail] = mailoutbox
    assert job.external_task_id in mail.body
    assert len(simulator.tasks()) == 1


def test_it_is_not_sent_again_before_the_grace_period_is_over(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="drop", accepted=False, times=1)
    done = finish(create(ada.api, SOUND)["id"], seconds=60)
    doubted, again = [
        step.at for step in done.transitions.all() if State.RECONCILING in (step.now, step.was)
    ]
    assert again - doubted >= timedelta(seconds=timing.GRACE * 0.02)
    assert_paid_once(ada, simulator)


@pytest.mark.parametrize(
    ("fault", "state", "balance"),
    [(None, State.SUCCEEDED, "99.75"), ("fail", State.FAILED, "100")],
    ids=["success", "failure"],
)
def test_a_late_verdict_ends_a_job_in_doubt_once(
    ada: Person, simulator: RunningSimulator, fault: str | None, state: State, balance: str
) -> None:
    """CometAPI's page does not say that tasks are found by our id: found late, it still counts."""
    make_account(simulator.url, dialect="cometapi")
    simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    simulator.faults.add(stage="query", kind="not_found", times=6)
    if fault:
        simulator.faults.add(stage="task", kind=fault, times=1)
    made = create(ada.api, SOUND)
    work_until(lambda: bool(job_of(made).attention), seconds=60)
    assert job_of(made).state == State.RECONCILING
    done = finish(made["id"], seconds=60)
    assert (done.state, done.attempts) == (state, 1)
    assert ada.api.get("/credits").json() == {**ada.api.get("/credits").json(), "balance": balance}
    assert len(done.hold.entries.all()) == (1 if state == State.SUCCEEDED else 0)
    assert ledger.check().violations == []
    assert alarms.due() == []


def killed_while_submitting(made: dict[str, Any]) -> None:
    """The worker's last word is that it is about to call."""
    dispatch._claim(slots.Turns().next() or 0)
    assert job_of(made).state == State.SUBMITTING
    Generation.objects.update(due_at=timezone.now())


def test_a_worker_killed_before_its_call_costs_nothing(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    made = create(ada.api, SOUND)
    killed_while_submitting(made)
    assert finish(made["id"], seconds=60).state == State.SUCCEEDED
    assert_paid_once(ada, simulator)


def test_a_worker_killed_before_its_call_leaves_a_job_to_the_operator_where_nobody_can_tell(
    ada: Person, simulator: RunningSimulator
) -> None:
    make_account(simulator.url, dialect="cometapi")
    made = create(ada.api, SOUND)
    killed_while_submitting(made)
    work_until(lambda: bool(job_of(made).attention), seconds=60)
    assert (job_of(made).state, simulator.submissions()) == (State.RECONCILING, [])
    assert billing.credits.balance(ada.workspace).held == 250_000


@pytest.mark.race
def test_several_workers_send_and_ask_at_once(
    ada: Person, charlie: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    ProviderAccount.objects.update(parallel_tasks=3)
    made = [create(person.api, SOUND)["id"] for person in (ada, charlie) for _ in range(6)]
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            for task, args in alarms.due():
                call(task, args)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        finals = [finish(public_id, seconds=90) for public_id in made]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert {job.state for job in finals} == {State.SUCCEEDED}
    assert {job.attempts for job in finals} == {1}
    assert len(simulator.tasks()) == len(simulator.submissions()) == len(made)
    assert ledger.check().violations == []
