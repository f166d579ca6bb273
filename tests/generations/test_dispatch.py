"""Who is sent when: one job's trouble, one account's or one provider's is not the others'."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from generations import dispatch
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, VIDEO, create
from tests.waiting import wait_until
from tests.working import call, finish, reach, work_until

pytestmark = pytest.mark.django_db(transaction=True)


def sound(prompt: str = "rain", **fields: Any) -> dict[str, Any]:
    return {**SOUND, "input": {"prompt": prompt, "duration": 3}, **fields}


def state(public_id: object) -> str:
    return Generation.objects.get(public_id=public_id).state


@pytest.mark.parametrize("broken", [{"endpoint_path": ""}, {"secret": "not-sealed-by-us"}], ids=str)
def test_it_goes_on_beside_an_account_that_cannot_work(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator, broken: dict[str, str]
) -> None:
    other = make_account(simulator.url, slug="other", priority=200)
    stuck = create(ada.api, sound(provider="other"))["id"]
    ProviderAccount.objects.filter(pk=other.pk).update(**broken)
    finish(create(ada.api, SOUND)["id"])
    assert state(stuck) == State.QUEUED


@pytest.mark.parametrize("broken", [{"endpoint_path": ""}, {"secret": "not-sealed-by-us"}], ids=str)
def test_it_pauses_an_account_that_cannot_work(
    ada: Person, cloudsway: ProviderAccount, broken: dict[str, str]
) -> None:
    job = create(ada.api, SOUND)["id"]
    ProviderAccount.objects.update(**broken)
    call("generations.tasks.dispatch")
    cloudsway.refresh_from_db()
    assert "cannot be used" in cloudsway.paused_reason
    assert state(job) == State.QUEUED


@pytest.mark.parametrize("broken", [{"endpoint_path": ""}, {"secret": "not-sealed-by-us"}], ids=str)
def test_it_goes_on_asking_beside_an_account_that_cannot_work(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator, broken: dict[str, str]
) -> None:
    other = make_account(simulator.url, slug="other", priority=200)
    stuck = create(ada.api, sound(provider="other"))["id"]
    reach(stuck, State.PROCESSING)
    ProviderAccount.objects.filter(pk=other.pk).update(**broken)
    finish(create(ada.api, SOUND)["id"])
    assert state(stuck) == State.PROCESSING


def test_it_records_each_answer_when_it_comes(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="submit", kind="hold", value=3, text="the slow one")
    slow = create(ada.api, sound("the slow one"))["id"]
    quick = create(ada.api, sound())["id"]
    dispatch.run()
    ended = {
        step.generation.public_id: step.at - step.generation.submitted_at
        for job in Generation.objects.all()
        for step in job.transitions.filter(now__in=[State.PROCESSING, State.RECONCILING])
    }
    assert ended[slow] >= timedelta(seconds=2.5)
    assert ended[quick] < timedelta(seconds=2)


def test_it_ends_in_time_with_nothing_half_done(ada: Person, cloudsway: ProviderAccount) -> None:
    """The queue ends a task that runs for too long, whatever it is at."""
    for _ in range(dispatch.AT_ONCE + 1):
        create(ada.api, SOUND)
    assert dispatch.run(seconds=0) == dispatch.AT_ONCE
    states = sorted(Generation.objects.values_list("state", flat=True))
    assert states == [State.PROCESSING] * dispatch.AT_ONCE + [State.QUEUED]


def test_it_looks_behind_those_that_wait_for_a_slot(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    ProviderAccount.objects.update(parallel_tasks=1)
    for _ in range(66):
        create(ada.api, sound("[slow] rain"))
    video = create(ada.api, VIDEO)["id"]
    call("generations.tasks.dispatch")
    assert state(video) == State.PROCESSING
    assert Generation.objects.filter(state=State.PROCESSING).count() == 2


def test_it_does_not_let_small_jobs_pass_a_large_one(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    """They would take each slot that becomes free, and the large one never run."""
    ProviderAccount.objects.update(parallel_tasks=3)
    made = [create(ada.api, SOUND)["id"] for _ in range(3)]
    Generation.objects.filter(public_id=made[1]).update(slots=3)
    call("generations.tasks.dispatch")
    assert [state(one) for one in made] == [State.PROCESSING, State.QUEUED, State.QUEUED]
    finish(made[1])


def test_it_tells_the_operator_of_a_job_that_does_not_end(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    simulator.faults.add(stage="task", kind="never", times=None)
    job = reach(create(ada.api, SOUND)["id"], State.PROCESSING)
    yesterday = timezone.now() - timedelta(hours=25)
    Generation.objects.filter(pk=job.pk).update(submitted_at=yesterday, due_at=timezone.now())
    work_until(lambda: bool(Generation.objects.get(pk=job.pk).attention))
    assert state(job.public_id) == State.PROCESSING


@pytest.mark.race
def test_it_asks_while_another_worker_waits_for_its_answer(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    """Or is killed while it waits: it must not keep the others from asking."""
    slow = reach(create(ada.api, sound("[slow] rain"))["id"], State.PROCESSING)
    Generation.objects.filter(pk=slow.pk).update(due_at=timezone.now())
    held = simulator.faults.add(stage="query", kind="hold", value=6, text=slow.task_id)

    def ask() -> None:
        call("generations.tasks.refresh")
        connections.close_all()

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: held.fired, seconds=5)
    finish(create(ada.api, SOUND)["id"], seconds=5)
    assert thread.is_alive()
    thread.join()
