"""Asking about many jobs at once: in lists, in turns, and no more than a provider can bear."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from generations import askable, claims, polling, refresh, timing
from generations.backlog import USUAL, Figures
from generations.models import Generation, State
from generations.states import Postponed, postpone_all
from tests.conftest import Person, make_account
from tests.generations.polling.jobs import make_due, running_jobs
from tests.scripted_provider import ScriptedProvider, ok, running, task
from tests.working import call

pytestmark = pytest.mark.django_db(transaction=True)


def still_running(path: str) -> tuple[int, Any]:
    """A provider whose tasks all run, listed or one by one."""
    if "pageNum" in path:
        return ok([])
    return ok(task(path.rpartition("/")[2]))


def looked_at(jobs: list[Generation]) -> int:
    return Generation.objects.filter(pk__in=[job.pk for job in jobs], checks__gt=0).count()


def test_it_asks_for_a_list_where_there_is_one(ada: Person) -> None:
    with running(still_running) as provider:
        account = make_account(provider.url, dialect="official")
        jobs = running_jobs(ada, account, 12)
        listed = [task(job.task_id) for job in jobs[:-1]]
        provider.answer = lambda path: ok(listed) if "pageNum" in path else still_running(path)
        polling.run()
    lists = [path for path in provider.asked if "pageNum" in path]
    assert lists == ["/v1/audio/text-to-audio?pageNum=1&pageSize=120"]
    # What the list did not have is asked about by itself: a list proves nothing about others.
    assert provider.asked[1:] == [f"/v1/audio/text-to-audio/{jobs[-1].task_id}"]
    assert looked_at(jobs) == 12


def test_it_asks_for_five_hundred_in_one_call(ada: Person) -> None:
    with running(still_running) as provider:
        jobs = running_jobs(ada, make_account(provider.url, dialect="official"), 50)
        listed = [task(job.task_id) for job in jobs]
        provider.answer = lambda path: ok(listed)
        polling.run()
    assert provider.asked == ["/v1/audio/text-to-audio?pageNum=1&pageSize=500"]
    assert looked_at(jobs) == 50


def test_it_believes_no_result_of_a_list_that_lacks_it(ada: Person) -> None:
    with running(still_running) as provider:
        account = make_account(provider.url, dialect="official")
        jobs = running_jobs(ada, account, 6)
        listed = [task(job.task_id, "succeed") for job in jobs]
        provider.answer = lambda path: ok(listed) if "pageNum" in path else still_running(path)
        polling.run()
    assert len(provider.asked) == 7
    assert set(Generation.objects.values_list("state", flat=True)) == {State.PROCESSING}


def test_it_finds_a_lost_task_in_a_list(ada: Person) -> None:
    with running(still_running) as provider:
        account = make_account(provider.url, dialect="official")
        *jobs, lost = running_jobs(ada, account, 6)
        Generation.objects.filter(pk=lost.pk).update(state=State.RECONCILING, task_id="")
        listed = [task(job.task_id) for job in jobs]
        named = {"task_info": {"external_task_id": lost.external_task_id}}
        listed.append(task("777", **named))
        provider.answer = lambda path: ok(listed)
        polling.run()
    lost.refresh_from_db()
    assert (lost.state, lost.task_id, len(provider.asked)) == (State.PROCESSING, "777", 1)


class Hanging:
    """Answers only when somebody else's job was asked about, which is due once this one hangs."""

    def __init__(self, ada: Person, figures: Figures = USUAL) -> None:
        self.other_asked, self.hung = threading.Event(), threading.Event()
        self.in_time: list[bool] = []
        with running(self.hang) as slow, running(self.answer) as quick:
            crowd = running_jobs(ada, make_account(slow.url), figures.threads + 8)
            [self.other] = running_jobs(ada, make_account(quick.url, slug="other"), 1)
            later = timezone.now() + timedelta(hours=1)
            Generation.objects.filter(pk=self.other.pk).update(due_at=later)
            polling.run(figures)
            assert looked_at(crowd) == len(crowd)

    def hang(self, path: str) -> tuple[int, Any]:
        if not self.hung.is_set():
            self.hung.set()
            make_due(self.other)
            connections.close_all()
        self.in_time.append(self.other_asked.wait(3))
        return still_running(path)

    def answer(self, path: str) -> tuple[int, Any]:
        self.other_asked.set()
        return still_running(path)


@pytest.mark.race
def test_a_provider_that_hangs_holds_up_nobody_else(ada: Person) -> None:
    assert all(Hanging(ada).in_time)


@pytest.mark.race
def test_one_that_has_all_threads_does(ada: Person) -> None:
    """The control: without a share for each, the other one waits."""
    assert not all(Hanging(ada, Figures(most_of_one=USUAL.threads)).in_time)


def test_nor_does_a_crowd_of_its_jobs(ada: Person, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    in_time: list[bool] = []
    others, all_asked = count(1), threading.Event()

    def hang(path: str) -> tuple[int, Any]:
        in_time.append(all_asked.wait(4))
        return still_running(path)

    def answer(path: str) -> tuple[int, Any]:
        if next(others) == 120:
            all_asked.set()
        return still_running(path)

    with running(hang) as slow, running(answer) as quick:
        running_jobs(ada, make_account(slow.url), USUAL.batch + 40)
        running_jobs(ada, make_account(quick.url, slug="other"), 120)
        polling.run()
    assert all(in_time)


def broken(path: str) -> tuple[int, Any]:
    return 500, {"error": "internal"}


def test_an_account_that_does_not_answer_rests_as_a_whole(ada: Person, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    with running(broken) as provider:
        account = make_account(provider.url)
        jobs = running_jobs(ada, account, 60)
        polling.run()
        first_wave = len(provider.asked)
        assert first_wave <= USUAL.most_of_one + askable.TROUBLED
        make_due(*jobs)
        polling.run()
        assert len(provider.asked) == first_wave
        assert not refresh.due().exists()

        account.refresh_from_db()
        assert account.asking_failures == askable.TROUBLED
        assert account.ask_after is not None
        # Its rest is over: one job shows whether it has become better.
        type(account).objects.update(ask_after=timezone.now())
        polling.run()
        assert len(provider.asked) == first_wave + 1
        assert set(Generation.objects.values_list("state", flat=True)) == {State.PROCESSING}

        provider.answer = still_running
        type(account).objects.update(ask_after=timezone.now())
        make_due(*jobs)
        polling.run()
    assert looked_at(jobs) == 60
    account.refresh_from_db()
    assert (account.asking_failures, account.ask_after) == (0, None)


def test_it_tells_the_operator_of_a_provider_that_stays_silent(
    ada: Person, mailoutbox: list[Any], settings: Any
) -> None:
    settings.OPERATOR_EMAILS = ["ops@example.com"]
    with running(broken) as provider:
        account = make_account(provider.url)
        [job] = running_jobs(ada, account, 1)
        for _ in range(2 * askable.TELL_AFTER):
            type(account).objects.update(ask_after=None)
            make_due(job)
            polling.run()
    call("generations.tasks.tell_operators")
    call("generations.tasks.tell_operators")
    [mail] = mailoutbox
    assert account.slug in mail.subject
    assert mail.to == ["ops@example.com"]
    job.refresh_from_db()
    assert "cannot be asked" in job.attention


def test_one_job_that_cannot_be_asked_about_rests_nobody(ada: Person, settings: Any) -> None:
    settings.TIMER_SCALE = 1.0
    with running(still_running) as provider:
        jobs = running_jobs(ada, make_account(provider.url), 20)
        poison = jobs[3].task_id
        provider.answer = lambda path: broken(path) if poison in path else still_running(path)
        polling.run()
    assert looked_at(jobs) == 20


def test_a_callback_meanwhile_is_not_forgotten_by_the_write_back(ada: Person) -> None:
    quiet, called = running_jobs(ada, make_account("http://127.0.0.1:9"), 2)
    claims.take(refresh.due(), most=10, until=timing.lease(90))
    quiet.refresh_from_db()
    called.refresh_from_db()
    refresh.call_back(called)
    later = timezone.now() + timedelta(hours=1)
    postpone_all([Postponed(quiet, later), Postponed(called, later)])
    quiet.refresh_from_db()
    called.refresh_from_db()
    assert (quiet.due_at, quiet.checks) == (later, 1)
    assert called.due_at is not None
    assert called.due_at < later
    assert called.called_back_at is not None


def test_a_claim_is_made_once(ada: Person) -> None:
    jobs = running_jobs(ada, make_account("http://127.0.0.1:9"), 3)
    taken = claims.take(refresh.due(), most=2, until=timing.lease(90))
    left = claims.take(refresh.due(), most=10, until=timing.lease(90))
    assert sorted(taken + left) == [job.pk for job in jobs]
    assert claims.take(refresh.due(), most=10, until=timing.lease(90)) == []


@pytest.fixture
def unknown(ada: Person) -> Any:
    def answer(path: str) -> tuple[int, Any]:
        return ok(task(path.rpartition("/")[2], "on_hold"))

    with running(answer) as provider:
        yield provider


def test_it_mails_the_operator_once_about_a_status_that_is_not_known(
    ada: Person, unknown: ScriptedProvider, mailoutbox: list[Any], settings: Any
) -> None:
    settings.OPERATOR_EMAILS = ["ops@example.com"]
    jobs = running_jobs(ada, make_account(unknown.url), 3)
    for _ in range(2):
        make_due(*jobs)
        polling.run()
        call("generations.tasks.tell_operators")
    [mail] = mailoutbox
    assert "on_hold" in mail.subject
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.attention) == (
            State.PROCESSING,
            "Unknown status from the provider: on_hold",
        )
    unknown.answer = still_running
    make_due(*jobs)
    polling.run()
    assert set(Generation.objects.values_list("attention", flat=True)) == {""}
