from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.installation import Installation, installation, shared_folder
from tests.waiting import wait_until
from worker.roster import Activity, Member, Roster

NOTE = "tests.worker.chores.note"
HOLD = "tests.worker.chores.hold"


class Work:
    """A supervisor with its cluster, seen from outside."""

    def __init__(self, installed: Installation, *options: str) -> None:
        self.installed = installed
        self.supervisor = installed.start("worker", *options)
        self.await_heartbeat()

    def await_heartbeat(self) -> None:
        wait_until(self.has_beaten, seconds=60, what="first heartbeat")

    def has_beaten(self) -> bool:
        assert self.supervisor.poll() is None, self.output()
        seen = "SELECT count(*) FROM worker_heartbeat WHERE beat_at IS NOT NULL"
        return self.installed.sql(seen) == [(1,)]

    @property
    def main(self) -> psutil.Process:
        return psutil.Process(self.supervisor.pid).children()[0]

    @property
    def sentinel(self) -> psutil.Process:
        return self.main.children()[0]

    def workers(self) -> list[psutil.Process]:
        return self._children()[:2]

    def role(self, name: str) -> psutil.Process:
        return self._children()[{"monitor": 2, "pusher": 3}[name]]

    def _children(self) -> list[psutil.Process]:
        """django-q2 starts its workers first, then the monitor, then the pusher."""
        return sorted(self.sentinel.children(), key=lambda child: child.create_time())

    def members(self) -> list[Member]:
        folder = next(iter((self.installed.var / "run").iterdir()))
        return Roster(folder).members()

    def idle_worker(self) -> psutil.Process:
        idle = [m for m in self.members() if m.activity == Activity.IDLE]
        return psutil.Process(idle[0].pid)

    def restarts(self) -> int:
        return int(self.installed.sql("SELECT restarts FROM worker_heartbeat")[0][0])

    def output(self) -> str:
        return self.installed.output(self.supervisor)

    def does_work(self, *, seconds: float = 30) -> float:
        """Ring, and wait for the answer; the seconds it took."""
        answer = self.installed.var / "answer"
        answer.unlink(missing_ok=True)
        self.installed.ring(NOTE, str(answer))
        return wait_until(answer.exists, seconds=seconds, what="a doorbell is answered")

    def has_no_orphans(self) -> bool:
        family = psutil.Process(self.supervisor.pid)
        known = {family.pid, *(child.pid for child in family.children(recursive=True))}
        return {process.pid for process in self.installed.processes()} <= known


@pytest.fixture
def installed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    shared = shared_folder(tmp_path_factory)
    with installation(tmp_path / "var", shared=shared, WORKERS="2") as made:
        yield made


@pytest.fixture
def work(installed: Installation) -> Work:
    return Work(installed)


def hold_a_worker(installed: Installation, name: str) -> tuple[Path, Path]:
    """Have a worker begin a long task; the files that let it end, and that say it has ended."""
    begun, may_end, ended = (installed.var / f"{name}-{s}" for s in ("begun", "may-end", "ended"))
    installed.ring(HOLD, str(begun), str(may_end), str(ended))
    # The file is there before its line is: only a whole line names the worker.
    wait_until(lambda: begun.exists() and begun.read_text(), seconds=30, what="a worker began")
    return may_end, ended
