"""The phases of jobs that open pages ask about, looked up for all of them together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import inf
from threading import Lock
from time import monotonic
from typing import Any

from accounts import wall
from generations.lookout import Clock, Lookout
from generations.models import Generation, State
from generations.models.accounts import takes_jobs
from generations.places import Asked
from generations.states import MOVES
from generations.views.telling import PAUSED, phase_of

# A page may have been shown something newer than what is here, such as when it has just come into
# sight again: then it is told of a change, and gets once more what it has.
KEEP_SECONDS = 1.0
ASKED_SECONDS = 70.0  # a job that nobody has asked about for so long is not looked up any more
MOST_ASKED = 5000  # jobs looked up every second; of others only those in each question
WAITING = frozenset({State.QUEUED.value, PAUSED})
# What no longer changes. A job that a person has failed may still succeed (`generations.late`).
OVER = frozenset(state.value for state, moves in MOVES.items() if not moves)
FACTS = (
    *("pk", "workspace", "state", "approval", "account__enabled", "account__paused_at"),
    *("account", "account__dialect", "operation", "model", "mode"),
)


@dataclass(frozen=True)
class Entry:
    """`waiting`: of a job in line, what its place depends on."""

    workspace: int
    phase: str
    waiting: Asked | None = None


Entries = dict[int, Entry | None]


class Board:
    """Of one process: a query a second, however many pages ask."""

    def __init__(self, clock: Clock = monotonic) -> None:
        self._clock = clock
        self._lookout = Lookout(KEEP_SECONDS, clock)
        self._seen = -inf
        self._entries: Entries = {}  # never changed, only replaced, by whoever looks
        self._asked: dict[int, float] = {}
        self._lock = Lock()  # of `_asked`; never held while the database is asked

    def entries(self, pks: Collection[int]) -> Entries:
        """By primary key, as of a second ago mostly; None where there is no such job.

        A job that nobody could look up yet is left out.
        """
        now = self._clock()
        with self._lock:
            self._asked.update(dict.fromkeys(pks, now))
        with self._lookout.take() as is_ours:
            if is_ours:
                self._look(pks, now)
        entries = self._entries
        return {pk: entries[pk] for pk in pks if pk in entries}

    def forget(self) -> None:
        with self._lookout.begin_anew(), self._lock:
            self._seen, self._entries, self._asked = -inf, {}, {}

    def _look(self, pks: Collection[int], now: float) -> None:
        if now - self._seen >= KEEP_SECONDS:
            asked = self._still_asked(now)
            over = {pk: self._entries[pk] for pk in asked if _is_over(self._entries.get(pk))}
            self._entries = over | _look_up(pk for pk in asked if pk not in over)
            self._seen = now
        elif new := [pk for pk in pks if pk not in self._entries]:
            self._entries = self._entries | _look_up(new)

    def _still_asked(self, now: float) -> list[int]:
        with self._lock:
            lately = [(at, pk) for pk, at in self._asked.items() if now - at < ASKED_SECONDS]
            if len(lately) > MOST_ASKED:
                lately = sorted(lately)[-MOST_ASKED:]
            self._asked = {pk: at for at, pk in lately}
        return [pk for _, pk in lately]


def _is_over(entry: Entry | None) -> bool:
    return entry is not None and entry.phase in OVER


def _look_up(pks: Iterable[int]) -> Entries:
    found: Entries = dict.fromkeys(pks)
    rows = Generation.objects.filter(pk__in=list(found), deleted_at=None).order_by()
    with wall.lifted():  # it is for the pages of all workspaces
        for row in rows.values_list(*FACTS, named=True):
            found[row.pk] = _entry(row)
    return found


def _entry(row: Any) -> Entry:
    """Of a row of FACTS."""
    is_usable = takes_jobs(enabled=row.account__enabled, paused_at=row.account__paused_at)
    phase = phase_of(row.state, approval=row.approval, is_usable=is_usable)
    if phase not in WAITING:
        return Entry(row.workspace, phase)
    kind = (row.account__dialect, row.operation, row.model, row.mode)
    asked = Asked(row.pk, place=(row.account, row.model), kind=kind, is_usable=is_usable)
    return Entry(row.workspace, phase, asked)


board = Board()
