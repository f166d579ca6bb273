"""The phases of jobs that open pages ask about, looked up for all of them together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from generations.models import Generation
from generations.models.accounts import takes_jobs
from generations.views.telling import phase_of

# Shorter than any page's pause: what a page was shown last is never newer than what is here.
KEEP_SECONDS = 1.0
ASKED_SECONDS = 70.0  # a job that nobody has asked about for so long is not looked up any more
FACTS = ("pk", "workspace", "state", "approval", "account__enabled", "account__paused_at")


@dataclass(frozen=True)
class Entry:
    workspace: int
    phase: str


class Board:
    """Of one process: a query a second, however many pages ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen = 0.0
        self._entries: dict[int, Entry | None] = {}
        self._asked: dict[int, float] = {}

    def entries(self, pks: Collection[int]) -> dict[int, Entry | None]:
        """By primary key, as of a second ago at most; None where there is no such job."""
        with self._lock:  # the others wait for the one that looks, instead of looking too
            now = monotonic()
            self._asked.update(dict.fromkeys(pks, now))
            if now - self._seen >= KEEP_SECONDS:
                self._renew(now)
            elif new := [pk for pk in pks if pk not in self._entries]:
                self._entries |= _look_up(new)
            return {pk: self._entries[pk] for pk in pks}

    def forget(self) -> None:
        with self._lock:
            self._seen, self._entries, self._asked = 0.0, {}, {}

    def _renew(self, now: float) -> None:
        since = now - ASKED_SECONDS
        self._asked = {pk: at for pk, at in self._asked.items() if at > since}
        self._entries = _look_up(self._asked)
        self._seen = now


def _look_up(pks: Iterable[int]) -> dict[int, Entry | None]:
    rows = Generation.objects.filter(pk__in=list(pks), deleted_at=None).order_by()
    found: dict[int, Entry | None] = dict.fromkeys(pks)
    for pk, workspace, state, approval, enabled, paused_at in rows.values_list(*FACTS):
        is_usable = takes_jobs(enabled=enabled, paused_at=paused_at)
        found[pk] = Entry(workspace, phase_of(state, approval=approval, is_usable=is_usable))
    return found


board = Board()
