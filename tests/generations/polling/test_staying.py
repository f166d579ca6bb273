"""How long a round goes on, when it claims more, and when others help it or need its process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from generations import helping, polling, timing
from generations.backlog import Figures
from generations.models import Generation, ProviderAccount
from tests.conftest import Person, make_account
from tests.generations.polling.jobs import running_jobs
from tests.scripted_provider import ScriptedProvider, ok, running, task
from worker import roster
from worker.models import Heartbeat, Lease

pytestmark = pytest.mark.django_db(transaction=True)


def still_running(path: str) -> tuple[int, Any]:
    return ok(task(path.rpartition("/")[2]))


@pytest.fixture
def provider(settings: Any) -> Iterator[ScriptedProvider]:
    """Its jobs still run, and time is not hurried: what was asked about is not due soon again."""
    settings.TIMER_SCALE = 1.0
    with running(still_running) as provider:
        yield provider


@pytest.fixture
def account(provider: ScriptedProvider) -> ProviderAccount:
    return make_account(provider.url)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> roster.Roster:
    """That this process belongs to."""
    card = roster.Card(tmp_path, worker_id="here")
    card.roster.clear()
    monkeypatch.setattr(roster, "card", card)
    monkeypatch.setattr(roster, "WAITS_SECONDS", 0.0)
    return card.roster


def due_in(job: Generation, seconds: float) -> None:
    due_at = timezone.now() + timedelta(seconds=seconds)
    Generation.objects.filter(pk=job.pk).update(due_at=due_at)


def rung() -> list[str]:
    return [
        SignedPackage.loads(payload)["func"]
        for payload in OrmQ.objects.values_list("payload", flat=True)
        if "refresh" in SignedPackage.loads(payload)["func"]
    ]


def test_it_stays_for_what_will_soon_be_due(ada: Person, account: ProviderAccount) -> None:
    now, soon, later = running_jobs(ada, account, 3)
    due_in(soon, 0.6)
    due_in(later, 30)
    assert polling.run() == 2
    asked = Generation.objects.filter(checks=1).values_list("pk", flat=True)
    assert set(asked) == {now.pk, soon.pk}


def test_it_asks_about_nothing_before_its_time(
    ada: Person, account: ProviderAccount, provider: ScriptedProvider
) -> None:
    [job] = running_jobs(ada, account, 1)
    due_in(job, 0.5)
    at = Generation.objects.get().due_at
    asked_at = []

    def answer(path: str) -> tuple[int, Any]:
        asked_at.append(timezone.now())
        return still_running(path)

    provider.answer = answer
    polling.run()
    [moment] = asked_at
    assert at is not None
    assert at <= moment < at + timedelta(seconds=2)


def test_it_does_not_stay_while_another_task_waits_for_the_process(
    ada: Person, account: ProviderAccount, cluster: roster.Roster
) -> None:
    now, soon = running_jobs(ada, account, 2)
    due_in(soon, 0.6)
    (cluster.taken_dir / "7").touch()
    assert polling.run() == 1
    now.refresh_from_db()
    assert now.checks == 1


def test_it_ends_with_its_cluster(
    ada: Person, account: ProviderAccount, cluster: roster.Roster
) -> None:
    running_jobs(ada, account, 2)
    cluster.close()
    assert polling.run() == 0
    assert Generation.objects.filter(due_at__lte=timezone.now()).count() == 2


def test_it_gives_back_what_waits_when_its_cluster_is_to_end(
    ada: Person,
    account: ProviderAccount,
    provider: ScriptedProvider,
    cluster: roster.Roster,
) -> None:
    running_jobs(ada, account, 4)

    def close(path: str) -> tuple[int, Any]:
        cluster.close()
        return still_running(path)

    provider.answer = close
    assert polling.run(Figures(most_of_one=1, look_again=0.001)) == 1
    assert Generation.objects.filter(checks=0, due_at__lte=timezone.now()).count() == 3


# Two at a time, and a look for help after each: else only after a second's work.
TWO_AT_A_TIME = Figures(batch=2, call_again=0.0)


def make_overdue() -> None:
    Generation.objects.update(due_at=timezone.now() - 3 * helping.BEHIND)


@pytest.fixture
def overdue(ada: Person, account: ProviderAccount) -> None:
    """Six jobs that have been due for long."""
    running_jobs(ada, account, 6)
    make_overdue()


@pytest.mark.usefixtures("overdue")
def test_one_that_does_not_keep_up_rings_another() -> None:
    assert polling.run(TWO_AT_A_TIME) == 6
    assert rung() == ["generations.tasks.help_refresh"]


@pytest.mark.usefixtures("overdue")
def test_one_helps_for_each_worker_machine() -> None:
    now = timezone.now()
    for name in ("one", "two"):
        Heartbeat.objects.create(worker_id=name, host=name, started_at=now, beat_at=now)
    for _ in range(4):
        make_overdue()
        polling.run(TWO_AT_A_TIME)
    assert rung() == ["generations.tasks.help_refresh"] * 2
    assert Lease.objects.filter(name__startswith=helping.LEASE).count() == 2


def test_one_that_keeps_up_rings_nobody(
    ada: Person, account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helping, "BEHIND", timedelta(minutes=1))
    running_jobs(ada, account, 6)
    assert polling.run(TWO_AT_A_TIME) == 6
    assert rung() == []


@pytest.mark.usefixtures("overdue")
def test_a_helping_one_asks_as_well() -> None:
    assert polling.help_out(TWO_AT_A_TIME) == 6


@pytest.mark.usefixtures("overdue")
def test_a_helping_one_leaves_its_process_to_any_other_task(cluster: roster.Roster) -> None:
    (cluster.taken_dir / "7").touch()
    assert polling.help_out(TWO_AT_A_TIME) == 0
    # The one that the clock rings goes on: what is due must be asked about by somebody.
    assert polling.run(TWO_AT_A_TIME) == 6


@pytest.mark.race
def test_one_slow_answer_does_not_keep_it_from_claiming_more(
    ada: Person,
    account: ProviderAccount,
    provider: ScriptedProvider,
) -> None:
    jobs = running_jobs(ada, account, 24)
    others, in_time = threading.Event(), []

    def answer(path: str) -> tuple[int, Any]:
        if path.endswith(jobs[0].task_id):
            in_time.append(others.wait(10))
        elif len(provider.asked) == len(jobs):
            others.set()
        connections.close_all()
        return still_running(path)

    provider.answer = answer
    # It would not look for more by itself.
    assert polling.run(Figures(batch=8, threads=4, look_again=20.0)) == 24
    assert in_time == [True]


@pytest.mark.race
def test_it_claims_no_more_than_it_can_do_soon(
    ada: Person,
    account: ProviderAccount,
    provider: ScriptedProvider,
) -> None:
    """What one round holds, no other can ask about."""
    running_jobs(ada, account, 40)
    long_ago = timezone.now() - timedelta(minutes=10)
    Generation.objects.update(submitted_at=long_ago)  # so that they are not due soon again
    held = []

    def answer(path: str) -> tuple[int, Any]:
        soon = timezone.now() + timedelta(seconds=timing.QUERY_LEASE / 2)
        held.append(Generation.objects.filter(due_at__gt=soon).count())
        connections.close_all()
        return still_running(path)

    provider.answer = answer
    # As if nothing could be done in time.
    assert polling.run(Figures(batch=20, most_of_one=2, ahead=0.0)) == 40
    assert held[0] == 20
    assert max(held[-8:]) < 10
