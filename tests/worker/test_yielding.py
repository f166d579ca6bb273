"""A task that goes on for long learns whether it had better end."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from tests.installation import Installation
from tests.waiting import wait_until
from tests.worker.conftest import Work, hold_a_worker

pytestmark = pytest.mark.processes


def begin(installed: Installation, chore: str) -> Path:
    """Have a worker begin `chore`; the file that says it has ended."""
    begun, ended = installed.var / f"{chore}-begun", installed.var / f"{chore}-ended"
    installed.ring(f"tests.worker.chores.{chore}", str(begun), str(ended))
    wait_until(begun.exists, seconds=30, what=f"{chore} began")
    return ended


def test_a_task_can_end_when_its_cluster_is_to_end(work: Work) -> None:
    ended = begin(work.installed, "end_with_cluster")
    asked = monotonic()
    work.supervisor.terminate()
    work.supervisor.wait(timeout=20)
    assert ended.exists()
    assert monotonic() - asked < 10
    assert work.installed.queued() == 0


def test_a_task_can_yield_its_process_to_another_one(work: Work) -> None:
    may_end, other_ended = hold_a_worker(work.installed, "long")
    ended = begin(work.installed, "yield_to_others")
    work.does_work(seconds=20)  # both processes were busy
    assert ended.exists()
    assert not other_ended.exists()
    may_end.touch()


def test_a_heartbeat_needs_nobody_to_yield(installed: Installation) -> None:
    work = Work(installed, "--every=0.5", "--patience=4")
    may_end, _ = hold_a_worker(installed, "long")
    ended = begin(installed, "yield_to_others")
    taken = "SELECT count(*) FROM django_q_ormq WHERE key <> ? AND lock > CURRENT_TIMESTAMP"
    wait_until(
        lambda: installed.sql(taken, "kling") == [(1,)], seconds=20, what="a heartbeat waits"
    )
    begun = monotonic()
    wait_until(lambda: monotonic() - begun > 2, seconds=10, what="time to see it")
    assert not ended.exists()
    may_end.touch()
    assert work.restarts() == 0
