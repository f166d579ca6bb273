"""Free slots: whose job takes them, what narrows them, and how they come back."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Plan, Workspace
from generations import dispatch, pools, slots
from generations.models import Generation, ProviderAccount, SlotPool, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, VIDEO, create
from tests.working import call, finish, work_until

pytestmark = pytest.mark.django_db(transaction=True)

SLOW = {**SOUND, "input": {"prompt": "[slow] rain", "duration": 3}}


def at_the_provider(person: Person) -> int:
    running = Generation.objects.filter(workspace=person.workspace, state=State.PROCESSING)
    return running.count()


def end(*jobs: Generation) -> None:
    """As if the provider had finished them and all were stored."""
    pks = [job.pk for job in jobs]
    Generation.objects.filter(pk__in=pks).update(
        state=State.FAILED, due_at=None, finished_at=timezone.now()
    )


def test_a_bulk_upload_leaves_each_second_slot_to_the_other(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    """Slots become free one at a time, and the bulk upload was there first."""
    ProviderAccount.objects.update(parallel_tasks=1)
    for _ in range(12):
        create(ada.api, SLOW)
    for _ in range(4):
        create(charlie.api, SLOW)
    served = []
    for _ in range(8):
        call("generations.tasks.dispatch")
        running = Generation.objects.get(state=State.PROCESSING)
        served.append(running.workspace.name)
        end(running)
    assert Counter(served) == {"Ada": 4, "Charlie": 4}


def test_a_plan_with_a_larger_share_is_served_more_often(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    studio = Plan.objects.create(slug="studio", name="Studio", share=3)
    Workspace.objects.filter(pk=ada.workspace.pk).update(plan=studio)
    ProviderAccount.objects.update(parallel_tasks=8)
    for person in (charlie, ada):
        for _ in range(8):
            create(person.api, SLOW)
    call("generations.tasks.dispatch")
    assert (at_the_provider(ada), at_the_provider(charlie)) == (6, 2)


@pytest.mark.parametrize("cap", [{"parallel_tasks": 2}, {"parallel_tasks_together": 2}], ids=str)
def test_a_plan_bounds_what_runs_at_the_provider(
    ada: Person, charlie: Person, cloudsway: ProviderAccount, cap: dict[str, int]
) -> None:
    small = Plan.objects.create(slug="small", name="Small", **cap)
    Workspace.objects.filter(pk=ada.workspace.pk).update(plan=small)
    for person in (ada, charlie):
        for _ in range(4):
            create(person.api, SLOW)
    call("generations.tasks.dispatch")
    assert (at_the_provider(ada), at_the_provider(charlie)) == (2, 4)
    waiting = Generation.objects.filter(workspace=ada.workspace, state=State.QUEUED)
    assert waiting.count() == 2


def test_a_plan_can_be_bounded_together_and_one_of_its_workspaces_by_itself(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    shared = Plan.objects.create(
        slug="shared", name="Shared", parallel_tasks=9, parallel_tasks_together=3
    )
    Workspace.objects.update(plan=shared)
    Workspace.objects.filter(pk=ada.workspace.pk).update(parallel_tasks=1)
    for person in (ada, charlie):
        for _ in range(4):
            create(person.api, SLOW)
    call("generations.tasks.dispatch")
    assert (at_the_provider(ada), at_the_provider(charlie)) == (1, 2)


def test_a_job_of_n_images_takes_n_slots(ada: Person, cloudsway: ProviderAccount) -> None:
    ProviderAccount.objects.update(parallel_tasks=4)
    picture = {"operation": "image", "input": {"prompt": "A lighthouse", "n": 3}}
    for _ in range(2):
        create(ada.api, picture)
    call("generations.tasks.dispatch")
    assert sorted(Generation.objects.values_list("state", "slots")) == [
        (State.PROCESSING, 3),
        (State.QUEUED, 3),
    ]


def test_1303_teaches_how_many_slots_there_are(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator, settings: Any
) -> None:
    settings.TIMER_SCALE = 1.0  # so that nothing is forgotten between two lines of this test
    simulator.settings.slots = 2
    jobs = [create(ada.api, SLOW)["id"] for _ in range(5)]
    call("generations.tasks.dispatch")
    assert at_the_provider(ada) == 2
    assert pools.limits([cloudsway.pk]).of((cloudsway.pk, "text-to-audio")) == 2
    refused = len(simulator.submissions())
    call("generations.tasks.dispatch")
    assert len(simulator.submissions()) == refused
    settings.TIMER_SCALE = 0.02
    for job in jobs:
        assert finish(job, seconds=60).state == State.SUCCEEDED


def test_what_1303_taught_is_slowly_forgotten(
    ada: Person, cloudsway: ProviderAccount, settings: Any
) -> None:
    settings.TIMER_SCALE = 1.0
    place = (cloudsway.pk, "text-to-audio")
    pool = SlotPool.objects.create(account=cloudsway, model="text-to-audio", learnt=2)
    known = []
    for seconds in (0, 31, 95, 3601):
        at = timezone.now() - timedelta(seconds=seconds)
        SlotPool.objects.filter(pk=pool.pk).update(learnt_at=at)
        known.append(pools.limits([cloudsway.pk]).of(place))
    assert known == [2, 3, 5, None]
    ProviderAccount.objects.update(parallel_tasks=3)
    assert pools.limits([cloudsway.pk]).of(place) == 3


def test_a_place_without_any_free_slot_is_tried_again_later(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    """Somebody else's program has them all: not one of ours runs."""
    simulator.faults.add(stage="submit", kind="code", value=1303, times=1)
    job = create(ada.api, SOUND)["id"]
    call("generations.tasks.dispatch")
    assert pools.limits([cloudsway.pk]).of((cloudsway.pk, "text-to-audio")) == 0
    video = create(ada.api, VIDEO)["id"]
    assert finish(video).state == State.SUCCEEDED
    assert finish(job).state == State.SUCCEEDED


def test_a_slot_comes_back_that_a_killed_worker_had_taken(
    ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    ProviderAccount.objects.update(parallel_tasks=1)
    leaked, next_one = (create(ada.api, SOUND)["id"] for _ in range(2))
    turns = slots.Turns()
    dispatch._claim(turns.next() or 0)
    assert slots.Turns().next() is None
    Generation.objects.filter(public_id=leaked).update(due_at=timezone.now())
    assert finish(leaked).state == State.SUCCEEDED
    assert finish(next_one).state == State.SUCCEEDED
    assert len(simulator.tasks()) == 2


def test_a_job_that_waits_for_the_operator_holds_no_slot_for_ever(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    ProviderAccount.objects.update(parallel_tasks=1)
    parked, waiting = (create(ada.api, SLOW)["id"] for _ in range(2))
    call("generations.tasks.dispatch")
    hours_ago = timezone.now() - timedelta(hours=3)
    in_an_hour = timezone.now() + timedelta(hours=1)
    Generation.objects.filter(public_id=parked).update(
        state=State.RECONCILING, submitted_at=hours_ago, due_at=in_an_hour
    )
    work_until(lambda: Generation.objects.get(public_id=waiting).state == State.PROCESSING)


def test_the_groups_are_found_whatever_stands_in_the_queue(
    ada: Person, charlie: Person, cloudsway: ProviderAccount
) -> None:
    assert slots.waiting_groups() == []
    for person in (ada, charlie, ada):
        create(person.api, SOUND)
        create(person.api, VIDEO)
    found = {(group.place, group.workspace) for group in slots.waiting_groups()}
    expected = Generation.objects.values_list("account", "model", "workspace").distinct()
    assert found == {((account, model), one) for account, model, one in expected}
    ProviderAccount.objects.update(paused_at=timezone.now())
    assert slots.waiting_groups() == []
