"""An account that can do no more: waiting jobs go on elsewhere, what it may have stays there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from billing import ledger
from generations import providers
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, create
from tests.working import call, finish, reach, work_until

pytestmark = pytest.mark.django_db(transaction=True)
TROUBLE = [
    {"kind": "code", "value": 1101},
    {"kind": "code", "value": 1102},
    {"kind": "code", "value": 1103},
    {"kind": "code", "value": 1002, "http": 401},
]


@pytest.fixture
def first(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, slug="first", dialect="cometapi", priority=1)


@pytest.fixture
def second(db: None, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url, slug="second", dialect="official", priority=2)


def history(job: Generation) -> list[str]:
    return [f"{step.now}: {step.reason}" for step in job.transitions.all()]


@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: str(fault["value"]))
def test_the_next_account_takes_over(
    ada: Person,
    first: ProviderAccount,
    second: ProviderAccount,
    simulator: RunningSimulator,
    fault: dict[str, Any],
) -> None:
    simulator.faults.add(stage="submit", dialect="cometapi", times=None, **fault)
    made = create(ada.api, SOUND)
    waiting = create(ada.api, SOUND)
    external_id = Generation.objects.get(public_id=made["id"]).external_task_id
    done = finish(made["id"])
    assert (done.state, done.account) == (State.SUCCEEDED, second)
    assert done.external_task_id == external_id
    assert "queued: handed over to second" in history(done)
    assert finish(waiting["id"]).account == second
    assert len(simulator.tasks()) == 2
    first.refresh_from_db()
    assert str(fault["value"]) in first.paused_reason
    assert ledger.check().violations == []


@pytest.mark.parametrize("fault", TROUBLE, ids=lambda fault: str(fault["value"]))
def test_trouble_that_shows_in_a_query_stops_new_jobs_and_no_running_one(
    ada: Person,
    first: ProviderAccount,
    second: ProviderAccount,
    simulator: RunningSimulator,
    fault: dict[str, Any],
) -> None:
    running = reach(create(ada.api, SOUND)["id"], State.PROCESSING)
    simulator.faults.add(stage="query", **fault)
    work_until(lambda: ProviderAccount.objects.get(pk=first.pk).paused_at is not None)
    new = finish(create(ada.api, SOUND)["id"])
    done = finish(running.public_id)
    assert [(job.state, job.account) for job in (done, new)] == [
        (State.SUCCEEDED, first),
        (State.SUCCEEDED, second),
    ]


def test_the_operator_sees_which_account_and_why(
    ada: Person,
    first: ProviderAccount,
    simulator: RunningSimulator,
    operator: Client,
    caplog: Any,
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=1102)
    create(ada.api, SOUND)
    call("generations.tasks.dispatch")
    assert [r.levelname for r in caplog.records if "account first paused" in r.message] == ["ERROR"]
    page = operator.get("/admin/generations/provideraccount/").content.decode()
    assert "code 1102" in page


@pytest.mark.parametrize("accepted", [True, False])
def test_what_may_have_been_accepted_stays(
    ada: Person,
    first: ProviderAccount,
    second: ProviderAccount,
    simulator: RunningSimulator,
    accepted: bool,
) -> None:
    simulator.faults.add(stage="submit", kind="drop", accepted=accepted)
    job = reach(create(ada.api, SOUND)["id"], State.RECONCILING)
    providers.pause(first, "no more credits")
    work_until(lambda: not accepted or Generation.objects.get(pk=job.pk).is_final)
    job.refresh_from_db()
    assert job.account == first
    assert len(simulator.tasks()) == int(accepted)


def test_a_job_that_was_in_doubt_once_stays(
    ada: Person, second: ProviderAccount, simulator: RunningSimulator
) -> None:
    """Its provider does not know it: enough to send it again there, not to send it elsewhere."""
    known = make_account(simulator.url, slug="known", dialect="cloudsway", priority=1)
    simulator.faults.add(stage="submit", kind="drop")
    simulator.faults.add(stage="submit", kind="code", value=1102, dialect="cloudsway")
    job = reach(create(ada.api, SOUND)["id"], State.RECONCILING)
    work_until(lambda: ProviderAccount.objects.get(pk=known.pk).paused_at is not None)
    for _ in range(3):
        Generation.objects.filter(pk=job.pk).update(due_at=timezone.now())
        call("generations.tasks.dispatch")
    job.refresh_from_db()
    assert (job.state, job.account) == (State.QUEUED, known)
    assert simulator.tasks() == []


@pytest.mark.parametrize("code", [1302, 1303])
def test_an_account_that_is_only_busy_keeps_its_jobs(
    ada: Person,
    first: ProviderAccount,
    second: ProviderAccount,
    simulator: RunningSimulator,
    code: int,
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=code)
    done = finish(create(ada.api, SOUND)["id"])
    assert (done.state, done.account) == (State.SUCCEEDED, first)


def test_a_job_waits_where_no_other_account_takes_it(
    ada: Person, first: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=1102)
    job = create(ada.api, SOUND)["id"]
    for _ in range(2):
        Generation.objects.update(due_at=timezone.now())
        call("generations.tasks.dispatch")
    waiting = Generation.objects.get(public_id=job)
    assert (waiting.state, waiting.account) == (State.QUEUED, first)
    assert waiting.due_at is not None
    assert waiting.due_at > timezone.now()
    providers.resume(first)
    assert finish(job).state == State.SUCCEEDED


def test_a_job_waits_where_its_customer_wanted_it(
    ada: Person, first: ProviderAccount, second: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="code", value=1102)
    job = create(ada.api, {**SOUND, "provider": "cometapi"})["id"]
    call("generations.tasks.dispatch")
    Generation.objects.update(due_at=timezone.now())
    call("generations.tasks.dispatch")
    assert Generation.objects.get(public_id=job).account == first
    twin = make_account(simulator.url, slug="twin", dialect="cometapi", priority=9)
    Generation.objects.update(due_at=timezone.now())
    assert finish(job).account == twin


def test_it_goes_past_an_account_that_does_not_take_it(
    ada: Person, first: ProviderAccount, second: ProviderAccount, simulator: RunningSimulator
) -> None:
    ProviderAccount.objects.filter(pk=second.pk).update(disabled_models=["text-to-audio"])
    third = make_account(simulator.url, slug="third", dialect="cloudsway", priority=3)
    simulator.faults.add(stage="submit", kind="code", value=1102)
    assert finish(create(ada.api, SOUND)["id"]).account == third


def test_it_costs_no_more_elsewhere(
    ada: Person, first: ProviderAccount, second: ProviderAccount, simulator: RunningSimulator
) -> None:
    """A job whose units were fewer when it was sold is not moved to where it takes more."""
    job = create(ada.api, SOUND)["id"]
    Generation.objects.update(units="0.1")
    providers.pause(first, "no more credits")
    call("generations.tasks.dispatch")
    assert Generation.objects.get(public_id=job).account == first


def test_jobs_of_an_account_that_is_switched_off_go_on(
    ada: Person, first: ProviderAccount, second: ProviderAccount, simulator: RunningSimulator
) -> None:
    job = create(ada.api, SOUND)["id"]
    ProviderAccount.objects.filter(pk=first.pk).update(enabled=False)
    done = finish(job)
    assert (done.state, done.account) == (State.SUCCEEDED, second)
    assert [task["dialect"] for task in simulator.tasks()] == ["official"]


@pytest.mark.parametrize("name", ["public_id", "provider_asset_id"])
def test_a_job_waits_where_its_input_is_kept(
    ada: Person,
    first: ProviderAccount,
    second: ProviderAccount,
    simulator: RunningSimulator,
    name: str,
) -> None:
    """The id of a video means nothing to another account."""
    clip = {"operation": "text-to-video", "input": {"prompt": "A drum", "duration": "5"}}
    [asset] = finish(create(ada.api, clip)["id"]).assets.all()
    order = {"operation": "video-to-audio", "input": {"video_id": getattr(asset, name)}}
    simulator.faults.add(stage="submit", kind="code", value=1102)
    job = create(ada.api, order)["id"]
    for _ in range(2):
        Generation.objects.filter(public_id=job).update(due_at=timezone.now())
        call("generations.tasks.dispatch")
    waiting = Generation.objects.get(public_id=job)
    assert (waiting.state, waiting.account) == (State.QUEUED, first)
    providers.resume(first)
    assert finish(job).state == State.SUCCEEDED
