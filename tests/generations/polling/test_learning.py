"""What verdicts teach: how long jobs take, and whether callbacks come."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from generations import callback_health, lessons, polling, verdicts
from generations.durations import MEMORY
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


def decide(job: Generation, task: Task | None = None) -> None:
    """The verdict, and what it teaches: as a round of polling does it."""
    was, task = job.state, task or done(job)
    verdicts.apply(job, task)
    lessons.take_in(lessons.of(job, task, was=was))


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
        decide(job, done(job, seconds=100))
    assert UsualDuration.objects.get().count == 6
    assert Schedule.of(next_one).first(next_one) > soon
    assert Schedule.load().first(next_one) > soon


def test_it_does_not_learn_from_a_clock_that_jumped(ada: Person, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    [job] = running_jobs(ada, make_account("http://127.0.0.1:9"), 1)
    decide(job, done(job, seconds=86_400))
    usual = UsualDuration.objects.get()
    assert 2 < usual.mean < 3  # ten seconds by our own


def test_of_many_that_end_together_one_teaches(ada: Person, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    jobs = running_jobs(ada, make_account("http://127.0.0.1:9"), 3)
    decide(jobs[0])
    before = timezone.now() - timedelta(seconds=3)
    UsualDuration.objects.update(count=MEMORY, mean=6, updated_at=before)
    learnt = []
    for job in jobs[1:]:
        decide(job)
        learnt.append(UsualDuration.objects.get().mean)
    assert learnt[0] < 6
    assert learnt[0] - learnt[1] < (6 - learnt[0]) / 10


@pytest.mark.race
def test_a_verdict_does_not_wait_for_another_that_learns(ada: Person) -> None:
    first, second = running_jobs(ada, make_account("http://127.0.0.1:9"), 2)
    decide(first)
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
    decide(second)
    second.refresh_from_db()
    assert (second.state, over.is_set()) == (State.STORING, False)
    over.set()
    thread.join()
    assert UsualDuration.objects.get().count == 1


def test_it_relies_on_callbacks_that_come_and_stops_when_they_do_not(ada: Person) -> None:
    jobs = running_jobs(ada, make_account("http://127.0.0.1:9"), 20)
    for job in jobs[:12]:
        callback(job)
        decide(Generation.objects.get(pk=job.pk))
    assert health(jobs[0]).reliable
    for job in jobs[12:18]:
        decide(Generation.objects.get(pk=job.pk))
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


def test_it_relies_again_on_callbacks_that_come_again(ada: Person) -> None:
    """Though of each of the last twenty and more none came."""
    jobs = running_jobs(ada, make_account("http://127.0.0.1:9"), 50)
    CallbackHealth.objects.create(account=jobs[0].account, judged=21, share=0)
    decide(jobs[0])
    assert not health(jobs[0]).reliable
    for job in jobs[1:]:
        callback(job)
        decide(Generation.objects.get(pk=job.pk))
    assert health(jobs[0]).reliable


def test_a_callback_after_the_verdict_was_not_lost(ada: Person) -> None:
    jobs = running_jobs(ada, make_account("http://127.0.0.1:9"), 2)
    for job in jobs:
        decide(job)
    CallbackHealth.objects.update(share=0.5)
    callback(jobs[0])
    callback(jobs[0])
    assert health(jobs[0]).share == pytest.approx(0.5 + callback_health.WEIGHT)


def test_nothing_is_judged_where_no_callback_was_asked_for(ada: Person, settings: Any) -> None:
    settings.SITE_URL = "http://127.0.0.1:8000"
    [job] = running_jobs(ada, make_account("https://provider.example"), 1)
    decide(job)
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
