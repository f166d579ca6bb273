"""What verdicts teach: how long jobs take, and whether callbacks come."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from generations import callback_health, polling, verdicts
from generations.looks import Schedule
from generations.models import CallbackHealth, Generation, State, UsualDuration
from kling.simulator.server import RunningSimulator
from kling.tasks import Output, Task
from tests.conftest import Person, make_account
from tests.generations.polling.jobs import running_jobs
from tests.generations.test_main_job import SOUND, VIDEO, create
from tests.working import finish

pytestmark = pytest.mark.django_db(transaction=True)


def done(job: Generation, *, seconds: float = 8) -> Task:
    outputs = (Output("audio", "http://127.0.0.1:9/a.mp3"),)
    return Task(
        job.task_id,
        "succeed",
        outputs=outputs,
        created_at=1_790_000_000_000,
        updated_at=1_790_000_000_000 + int(1000 * seconds),
    )


def callback(job: Generation, word: str = "succeed") -> None:
    body = {"task_id": job.task_id, "task_status": word}
    path = f"/hooks/kling/{job.callback_token}"
    assert Client().post(path, body, "application/json").status_code == 200


def health(job: Generation) -> CallbackHealth:
    return CallbackHealth.objects.get(account=job.account)


def test_it_learns_how_long_a_job_took(ada: Person, simulator: RunningSimulator) -> None:
    make_account(simulator.url)
    finish(create(ada.api, VIDEO)["id"])
    row = UsualDuration.objects.get()
    assert (row.dialect, row.operation, row.mode) == ("cloudsway", "text-to-video", "std")
    assert (row.count, row.variance) == (1, 0)
    assert row.mean > 0


def test_it_knows_a_kind_after_a_few_jobs(ada: Person, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    *jobs, next_one = running_jobs(ada, make_account("http://127.0.0.1:9"), 7)
    soon = timezone.now() + timedelta(seconds=30)
    assert Schedule.of(next_one).first(next_one) < soon
    for job in jobs:
        job.submitted_at = timezone.now() - timedelta(seconds=300)
        verdicts.apply(job, done(job, seconds=100))
    assert UsualDuration.objects.get().count == 6
    assert Schedule.of(next_one).first(next_one) > soon
    assert Schedule.load().first(next_one) > soon


def test_it_does_not_learn_from_a_clock_that_jumped(ada: Person, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    [job] = running_jobs(ada, make_account("http://127.0.0.1:9"), 1)
    verdicts.apply(job, done(job, seconds=86_400))
    usual = UsualDuration.objects.get()
    assert 2 < usual.mean < 3  # ten seconds by our own


@pytest.mark.race
def test_a_verdict_does_not_wait_for_another_that_learns(ada: Person) -> None:
    first, second = running_jobs(ada, make_account("http://127.0.0.1:9"), 2)
    verdicts.apply(first, done(first))
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            UsualDuration.objects.update(mean=1)
            CallbackHealth.objects.update(share=1)
            held.set()
            over.wait(10)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    verdicts.apply(second, done(second))
    second.refresh_from_db()
    assert (second.state, over.is_set()) == (State.STORING, False)
    over.set()
    thread.join()
    assert UsualDuration.objects.get().count == 1


def test_it_relies_on_callbacks_that_come_and_stops_when_they_do_not(ada: Person) -> None:
    jobs = running_jobs(ada, make_account("http://127.0.0.1:9"), 20)
    for job in jobs[:12]:
        callback(job)
        verdicts.apply(Generation.objects.get(pk=job.pk), done(job))
    assert health(jobs[0]).reliable
    for job in jobs[12:18]:
        verdicts.apply(Generation.objects.get(pk=job.pk), done(job))
    assert not health(jobs[0]).reliable


def test_it_looks_at_what_was_left_to_callbacks_that_have_died(ada: Person) -> None:
    [job] = running_jobs(ada, make_account("http://127.0.0.1:9"), 1)
    in_an_hour = timezone.now() + timedelta(hours=1)
    Generation.objects.update(due_at=in_an_hour)
    row = CallbackHealth.objects.create(account=job.account, judged=50, share=0.98, reliable=True)
    relying = polling.Round()
    CallbackHealth.objects.filter(pk=row.pk).update(reliable=False)
    relying.run()
    job.refresh_from_db()
    assert job.checks == 1


def test_a_callback_after_the_verdict_was_not_lost(ada: Person) -> None:
    jobs = running_jobs(ada, make_account("http://127.0.0.1:9"), 2)
    for job in jobs:
        verdicts.apply(job, done(job))
    CallbackHealth.objects.update(share=0.5)
    callback(jobs[0])
    callback(jobs[0])
    assert health(jobs[0]).share == pytest.approx(0.5 + callback_health.WEIGHT)


def test_nothing_is_judged_where_no_callback_was_asked_for(ada: Person, settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    [job] = running_jobs(ada, make_account("https://provider.example"), 1)
    verdicts.apply(job, done(job))
    assert not CallbackHealth.objects.exists()


def test_a_callback_that_says_still_running_wakes_nobody(ada: Person) -> None:
    [job] = running_jobs(ada, make_account("http://127.0.0.1:9"), 1)
    in_an_hour = timezone.now() + timedelta(hours=1)
    Generation.objects.update(due_at=in_an_hour)
    callback(job, "processing")
    job.refresh_from_db()
    assert (job.due_at, job.called_back_at) == (in_an_hour, None)


def test_it_wakes_a_job_in_doubt_for_it_proves_that_there_is_a_task(ada: Person) -> None:
    [job] = running_jobs(ada, make_account("http://127.0.0.1:9"), 1)
    in_an_hour = timezone.now() + timedelta(hours=1)
    Generation.objects.update(state=State.RECONCILING, task_id="", due_at=in_an_hour)
    callback(job, "processing")
    job.refresh_from_db()
    assert job.due_at is not None
    assert job.due_at <= timezone.now()


def test_a_callback_ahead_of_the_query_is_followed_soon(ada: Person, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    [job] = running_jobs(ada, make_account("http://127.0.0.1:9"), 1)
    UsualDuration.objects.create(
        dialect="cloudsway", operation=SOUND["operation"], model=job.model, count=50, mean=6
    )
    Generation.objects.update(called_back_at=timezone.now())
    job.refresh_from_db()
    before = timezone.now() + timedelta(seconds=1)
    assert before < Schedule.load().next(job) < before + timedelta(seconds=3)
    job.called_back_at = None
    assert Schedule.load().next(job) > before + timedelta(seconds=30)
