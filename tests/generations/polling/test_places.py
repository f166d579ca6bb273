"""The place in line that a customer sees, on the page and through the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Plan, Workspace
from generations import places
from generations.models import Generation, ProviderAccount, State
from generations.views.board import board
from tests.conftest import Person, make_account
from tests.generations.test_main_job import SOUND, VIDEO, create

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(db: None, settings: Any) -> ProviderAccount:
    settings.TIMER_SCALE = 1.0
    return make_account("http://127.0.0.1:9", parallel_tasks=2)


def queue_of(person: Person, job: dict[str, Any]) -> Any:
    return person.api.get(f"/generations/{job['id']}").json()["queue"]


def position(person: Person, job: dict[str, Any]) -> int:
    return queue_of(person, job)["position"]


def run(*jobs: dict[str, Any]) -> None:
    Generation.objects.filter(public_id__in=[job["id"] for job in jobs]).update(
        state=State.PROCESSING, task_id="1", submitted_at=timezone.now()
    )


def test_it_tells_place_and_time(ada: Person, account: ProviderAccount) -> None:
    jobs = [create(ada.api, SOUND) for _ in range(4)]
    run(*jobs[:2])
    assert [position(ada, job) for job in jobs[2:]] == [1, 2]
    starts = [datetime.fromisoformat(queue_of(ada, job)["estimated_start"]) for job in jobs[2:]]
    # Two slots, each free every sixteen seconds: the catalogue's own figure for sound.
    waits = [(start - timezone.now()).total_seconds() for start in starts]
    assert waits == pytest.approx([8, 16], abs=1)
    assert queue_of(ada, jobs[0]) is None


def test_a_free_slot_is_no_wait(ada: Person, account: ProviderAccount) -> None:
    job = create(ada.api, SOUND)
    start = datetime.fromisoformat(queue_of(ada, job)["estimated_start"])
    assert start <= timezone.now()


def test_a_bulk_upload_is_not_before_everybody_else(
    ada: Person, charlie: Person, account: ProviderAccount
) -> None:
    bulk = [create(ada.api, SOUND) for _ in range(5)]
    other = create(charlie.api, SOUND)
    assert position(charlie, other) == 2
    assert [position(ada, job) for job in bulk] == [1, 3, 4, 5, 6]


def test_a_larger_share_is_further_ahead(
    ada: Person, charlie: Person, account: ProviderAccount
) -> None:
    jobs = [create(ada.api, SOUND) for _ in range(4)]
    studio = Plan.objects.create(slug="studio", name="Studio", share=3)
    Workspace.objects.filter(pk=charlie.workspace.pk).update(plan=studio)
    others = [create(charlie.api, SOUND) for _ in range(4)]
    assert [position(charlie, job) for job in others] == [1, 2, 4, 5]
    assert position(ada, jobs[0]) == 3


def test_each_place_has_its_own_line(ada: Person, account: ProviderAccount) -> None:
    create(ada.api, SOUND)
    assert position(ada, create(ada.api, VIDEO)) == 1


def test_nobody_promises_a_time_while_the_account_is_paused(
    ada: Person, account: ProviderAccount
) -> None:
    job = create(ada.api, SOUND)
    ProviderAccount.objects.update(paused_at=timezone.now())
    assert queue_of(ada, job) == {"position": 1, "estimated_start": None}


def test_it_counts_only_so_far(
    ada: Person, account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "LONGEST_LINE", 2)
    jobs = [create(ada.api, SOUND) for _ in range(4)]
    assert [position(ada, job) for job in jobs] == [1, 2, 3, 3]


@contextmanager
def taken_just_before_its_line_is_read(job: dict[str, Any]) -> Iterator[None]:
    def take(execute: Any, sql: str, *rest: Any) -> Any:
        if '"accounts_plan"."share"' in sql:
            run(job)
        return execute(sql, *rest)

    with connection.execute_wrapper(take):
        yield


def test_a_job_that_is_just_taken_is_not_far_back(ada: Person, account: ProviderAccount) -> None:
    jobs = [create(ada.api, SOUND) for _ in range(2)]
    with taken_just_before_its_line_is_read(jobs[0]):
        assert queue_of(ada, jobs[0]) is None
    with taken_just_before_its_line_is_read(jobs[1]):
        page = ada.browser.get(f"/generations/{jobs[1]['id']}").content.decode()
    assert "in line." not in page


def test_an_open_page_is_not_told_of_a_line_that_its_job_has_left(
    ada: Person, account: ProviderAccount
) -> None:
    job = create(ada.api, SOUND)
    page = ada.browser.get(f"/generations/{job['id']}").content.decode()
    [ticket] = re.findall('data-ticket="([^"]+)"', page)
    with taken_just_before_its_line_is_read(job):
        assert ada.browser.get("/live", {"job": ticket}).status_code == 204


def test_of_two_long_lines_only_so_many_are_counted(
    ada: Person, account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "LONGEST_LINE", 2)
    for form in (SOUND, SOUND, VIDEO):
        create(ada.api, form)
    rows = ada.api.get("/generations").json()["data"]
    assert [row["queue"]["position"] for row in rows] == [3, 2, 1]


def test_a_list_costs_no_more_for_many(
    ada: Person, account: ProviderAccount, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        create(ada.api, SOUND if number % 2 else VIDEO)
    with django_assert_max_num_queries(12):
        rows = ada.api.get("/generations", limit=20).json()["data"]
    assert [row["queue"]["position"] for row in rows[:4]] == [10, 10, 9, 9]


def test_the_page_says_it_and_follows(ada: Person, account: ProviderAccount) -> None:
    jobs = [create(ada.api, SOUND) for _ in range(4)]
    run(*jobs[:2])
    page = ada.browser.get(f"/generations/{jobs[3]['id']}").content.decode()
    assert "Number 2 in line. It should start in about 20 seconds." in page
    [ticket] = re.findall('data-ticket="([^"]+)"', page)
    assert "Number 2 in line." in str(ada.browser.get("/live", {"job": ticket}).json()["lines"])

    Generation.objects.filter(public_id=jobs[0]["id"]).update(
        state=State.FAILED, due_at=None, finished_at=timezone.now()
    )
    run(jobs[2])
    places.pictures.forget()  # as after two seconds
    board.forget()
    news = ada.browser.get("/live", {"job": ticket}).json()
    assert news["changed"] == []
    assert news["lines"]["0"].startswith("It is the next in line.")


def test_the_page_says_nothing_of_a_line_to_a_job_that_runs(
    ada: Person, account: ProviderAccount
) -> None:
    job = create(ada.api, SOUND)
    run(job)
    Generation.objects.update(submitted_at=timezone.now() - timedelta(seconds=5))
    assert "in line" not in ada.browser.get(f"/generations/{job['id']}").content.decode()
