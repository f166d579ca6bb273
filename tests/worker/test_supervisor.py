"""Every process of a cluster is killed in turn: work goes on, and no process is left over."""

from __future__ import annotations

import os
import signal
import socket
from time import monotonic

import psutil
import pytest

from tests.installation import Installation
from tests.waiting import wait_until
from tests.worker.conftest import Work, hold_a_worker

pytestmark = pytest.mark.processes


def test_it_goes_on_after_an_idle_worker_was_killed(work: Work) -> None:
    # It waits for work, and so has the queue's lock with it: django-q2 alone never works again.
    work.idle_worker().kill()
    wait_until(lambda: work.restarts() == 1, seconds=30, what="the cluster is replaced")
    work.does_work()
    wait_until(work.has_no_orphans, seconds=10, what="no orphans")


def test_it_goes_on_after_a_busy_worker_was_killed(work: Work) -> None:
    may_end, ended = hold_a_worker(work.installed, "long")
    begun = work.installed.var / "long-begun"
    psutil.Process(int(begun.read_text())).kill()
    work.does_work()
    assert work.restarts() == 0  # django-q2 replaces it: the others may finish what they do
    may_end.touch()
    wait_until(ended.exists, seconds=30, what="the killed task ran again")
    wait_until(work.has_no_orphans, seconds=10, what="no orphans")


@pytest.mark.parametrize("role", ["monitor", "pusher"])
def test_it_goes_on_after_a_helper_was_killed(work: Work, role: str) -> None:
    work.role(role).kill()
    work.does_work()
    wait_until(lambda: not work.installed.queued(), seconds=30, what="the work is recorded")
    wait_until(work.has_no_orphans, seconds=10, what="no orphans")


@pytest.mark.parametrize("role", ["sentinel", "main"])
def test_it_goes_on_after_the_head_was_killed(work: Work, role: str) -> None:
    may_end, ended = hold_a_worker(work.installed, "long")
    before = work.installed.processes()
    getattr(work, role).kill()
    work.does_work()
    wait_until(lambda: work.restarts() == 1, seconds=30, what="the cluster is replaced")
    supervisor = psutil.Process(work.supervisor.pid)
    gone = [process for process in before if process != supervisor]
    wait_until(lambda: not any(p.is_running() for p in gone), seconds=10, what="no orphans")
    may_end.touch()
    wait_until(ended.exists, seconds=30, what="the killed task ran again")


def test_it_goes_on_after_a_process_hangs(work: Work) -> None:
    # Nothing has died: only the heartbeat can tell.
    for worker in work.workers():
        worker.suspend()
    work.does_work()
    assert "no process takes tasks" in work.output()


def test_it_leaves_a_busy_cluster_alone(installed: Installation) -> None:
    work = Work(installed, "--every=0.5", "--patience=4")
    long = [hold_a_worker(installed, name) for name in ("one", "two")]
    begun = monotonic()
    wait_until(lambda: monotonic() - begun > 10, seconds=60, what="longer than patience lasts")
    waiting = installed.sql("SELECT count(*) FROM django_q_ormq WHERE key <> ?", "kling")
    assert waiting == [(1,)]  # a heartbeat that nobody can run
    for may_end, ended in long:
        may_end.touch()
        wait_until(ended.exists, seconds=30, what="a long task ended")
    work.does_work()
    assert work.restarts() == 0


@pytest.mark.race  # needs PostgreSQL: SQLite has no server that could be restarted
def test_it_goes_on_after_the_database_was_away(work: Work) -> None:
    may_end, ended = hold_a_worker(work.installed, "long")
    work.installed.sql("DELETE FROM worker_heartbeat")  # as a restored copy, which has none of it
    work.installed.cut_database()
    try:
        # With the colon it is the supervisor's word; the broker says it too, and may be first.
        said = "the database does not answer: "
        wait_until(lambda: said in work.output(), seconds=20, what="it has seen it")
        may_end.touch()
        wait_until(ended.exists, seconds=20, what="the task ended without a database")
    finally:
        work.installed.mend_database()
    work.does_work()
    wait_until(lambda: not work.installed.queued(), seconds=30, what="both are recorded")
    assert len(ended.read_text().splitlines()) == 1
    work.await_heartbeat()
    assert work.restarts() == 0


def test_it_ends_with_its_cluster_when_it_is_killed_itself(work: Work) -> None:
    hold_a_worker(work.installed, "long")
    work.supervisor.kill()
    wait_until(lambda: not work.installed.processes(), seconds=10, what="nothing is left")


def test_the_next_one_gets_what_a_killed_one_had_taken(work: Work) -> None:
    may_end, ended = hold_a_worker(work.installed, "long")
    work.supervisor.kill()
    may_end.touch()
    Work(work.installed)
    wait_until(ended.exists, seconds=30, what="the task ran again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("target", ["process", "group"])
def test_it_finishes_its_tasks_when_asked_to_stop(
    work: Work, number: signal.Signals, target: str
) -> None:
    may_end, ended = hold_a_worker(work.installed, "long")
    {"process": os.kill, "group": os.killpg}[target](work.supervisor.pid, number)
    wait_until(lambda: "finishes its tasks" in work.output(), seconds=10)
    may_end.touch()
    work.supervisor.wait(timeout=20)
    assert work.supervisor.returncode == 0
    assert ended.exists()
    assert not work.installed.processes()
    assert work.installed.queued() == 0


def test_it_hands_back_what_takes_too_long(installed: Installation) -> None:
    work = Work(installed, "--drain=1")
    _, ended = hold_a_worker(installed, "long")
    work.supervisor.terminate()
    work.supervisor.wait(timeout=20)
    assert not ended.exists()
    assert not installed.processes()
    due = "SELECT count(*) FROM django_q_ormq WHERE key = ? AND lock <= CURRENT_TIMESTAMP"
    wait_until(lambda: installed.sql(due, "kling") == [(1,)], seconds=3, what="it is due again")
    assert installed.sql("SELECT count(*) FROM worker_heartbeat") == [(0,)]


def test_it_says_whether_a_worker_lives(work: Work) -> None:
    assert work.installed.sql("SELECT host FROM worker_heartbeat") == [(socket.gethostname(),)]
    work.supervisor.terminate()
    work.supervisor.wait(timeout=20)
    assert work.installed.sql("SELECT host FROM worker_heartbeat") == []
