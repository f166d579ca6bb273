"""Who belongs to a cluster, and what each is doing: small files between it and its supervisor.

django-q2 shows neither. But a process that was killed while it *waited* for work has taken the
queue's lock with it: the cluster looks healthy and never works again. One that was killed in the
middle of a task has not, and django-q2 replaces it. And a cluster whose processes are all busy
answers no heartbeat though nothing is wrong. So every process of a cluster keeps one line here:

    members/PID      state, since when (monotonic clock), row of the queue it works on
    taken/ROW        rows of the shared queue that were taken and not acknowledged yet
    closing          is there once the cluster is to end

A task that may go on for long, or end and be rung again, reads there whether it had better end.

A process that ends in good order removes its line. The database would be the wrong place: it may
be what is down.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import parent_process, util
from pathlib import Path
from time import monotonic
from typing import Any

from django_q.conf import Conf
from django_q.signals import post_execute_in_worker, pre_execute

from worker import lifeline

# A task that no process works on for so long waits for one: others are on their way.
WAITS_SECONDS = 0.2


class Activity(StrEnum):
    NEW = "new"  # has not had a task: sentinel, pusher and monitor stay so
    BUSY = "busy"
    IDLE = "idle"
    LEAVING = "leaving"  # ran out of time; django-q2 ends it


@dataclass(frozen=True)
class Member:
    pid: int
    activity: Activity
    since: float
    row: int

    @property
    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, PermissionError):  # gone, or the number is somebody else's
            return False
        return True


class Roster:
    """The supervisor's view."""

    def __init__(self, directory: Path) -> None:
        self.members_dir = directory / "members"
        self.taken_dir = directory / "taken"
        self.closing = directory / "closing"

    def clear(self) -> None:
        for folder in (self.members_dir, self.taken_dir):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self.closing.unlink(missing_ok=True)

    def close(self) -> None:
        """Say to the tasks that the cluster is to end."""
        with suppress(OSError):  # a full disk: they end by themselves, only later
            self.closing.touch()

    def members(self) -> list[Member]:
        found = (_read(path) for path in self.members_dir.glob("[0-9]*"))
        return [member for member in found if member is not None]

    def forget(self, member: Member) -> None:
        (self.members_dir / str(member.pid)).unlink(missing_ok=True)

    def taken(self) -> list[int]:
        return [int(path.name) for path in self.taken_dir.glob("[0-9]*")]

    def waiting(self) -> set[int]:
        """Rows that were taken and that no process works on: not yet, or not any more."""
        return set(self.taken()) - {member.row for member in self.members()}


def _read(path: Path) -> Member | None:
    try:
        activity, since, row = path.read_text(encoding="ascii").split()
        return Member(int(path.name), Activity(activity), float(since), int(row))
    except (OSError, ValueError):  # left or was written while we looked: the next look will tell
        return None


class Card:
    """The line of the process that this is."""

    def __init__(self, directory: Path, *, worker_id: str) -> None:
        self.roster = Roster(directory)
        self.worker_id = worker_id
        self.file = -1
        self.begun = monotonic()
        self.seen_waiting: dict[int, float] = {}

    def enter(self) -> None:
        """In each process that the cluster forks, before it does anything."""
        parent = parent_process()
        assert parent is not None
        lifeline.tie_to(parent.pid or 0)
        path = self.roster.members_dir / str(os.getpid())
        self.file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self.write(Activity.NEW)
        util.Finalize(None, path.unlink, kwargs={"missing_ok": True}, exitpriority=0)

    def write(self, activity: Activity, *, row: int = 0) -> None:
        line = f"{activity:<8} {monotonic():<20.6f} {row:<20}\n"
        with suppress(OSError):  # a full disk must not fail the task
            os.pwrite(self.file, line.encode(), 0)

    def begin(self, task: dict[str, Any], **_: Any) -> None:
        self.begun = monotonic()
        self.write(Activity.BUSY, row=task.get("ack_id") or 0)

    def end(self, **_: Any) -> None:
        late = monotonic() - self.begun >= (Conf.TIMEOUT or float("inf"))
        self.write(Activity.LEAVING if late else Activity.IDLE)

    def take(self, row: int) -> None:
        with suppress(OSError):
            (self.roster.taken_dir / str(row)).touch()

    def give_back(self, row: int) -> None:
        with suppress(OSError):
            (self.roster.taken_dir / str(row)).unlink(missing_ok=True)

    def is_awaited(self) -> bool:
        now = monotonic()
        seen = self.seen_waiting
        self.seen_waiting = {row: seen.get(row, now) for row in self.roster.waiting()}
        return any(now - since >= WAITS_SECONDS for since in self.seen_waiting.values())


# Of the cluster that this process belongs to; none in a web process or in a command.
card: Card | None = None


def is_closing() -> bool:
    """Whether the task that asks should end soon: its cluster is to end."""
    return card is not None and card.roster.closing.exists()


def is_awaited() -> bool:
    """Whether another task waits for a process such as the one that the asking task holds."""
    return card is not None and card.is_awaited()


def enlist(directory: Path, *, worker_id: str) -> None:
    """Make what this process forks members; the main process of a cluster calls it."""
    global card
    card = Card(directory, worker_id=worker_id)
    util.register_after_fork(card, Card.enter)
    pre_execute.connect(card.begin, weak=False)
    post_execute_in_worker.connect(card.end, weak=False)
