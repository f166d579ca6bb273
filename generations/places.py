"""Where a waiting job stands in line, and when its turn may come. An estimate, and cheap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts import wall
from generations import durations, pools, timing
from generations.models import Generation, State
from generations.pools import Limits, Place
from generations.queries import in_line
from kling import catalogue
from kling.errors import InvalidInput

LONGEST_LINE = 1000  # waiting jobs that are counted
KEEP_SECONDS = 2.0  # of a picture, in each process


@dataclass(frozen=True)
class Position:
    """`number` 1 is the next one; LONGEST_LINE + 1 stands for any further back.

    `start`: None where nobody can say, such as while the account is paused.
    """

    number: int
    start: datetime | None


class _Waiting(NamedTuple):
    pk: int
    place: Place
    workspace: int
    share: int
    slots: int


@dataclass(frozen=True)
class Picture:
    """Who waits and what is running at some places, as it was at `seen` of the monotonic clock.

    `counted_to`: the primary key of the last job that was counted, if they are too many; else None.
    """

    seen: float
    lines: dict[Place, dict[int, tuple[int, int]]]
    counted_to: int | None
    taken: Counter[Place]
    limits: Limits
    known: durations.Usuals

    @classmethod
    def take(cls, places: set[Place]) -> Picture:
        """Five queries, whatever waits."""
        seen = monotonic()
        with wall.lifted():  # who else waits, and what is running, belongs to others too
            waiting = _waiting(places)
            taken = pools.usage().by_place
        lines = {at: _in_turn(job for job in waiting if job.place == at) for at in places}
        counted_to = waiting[-1].pk if len(waiting) >= LONGEST_LINE else None
        limits = pools.limits({account for account, _ in places})
        return cls(seen, lines, counted_to, taken, limits, durations.known())

    def position(self, one: Generation) -> Position | None:
        """None if it does not wait any more, or did not yet."""
        place = _place(one)
        if one.pk in self.lines[place]:
            number, slots = self.lines[place][one.pk]
            return Position(number, self._start(one, slots) if one.account.is_usable else None)
        is_further_back = self.counted_to is not None and one.pk > self.counted_to
        return Position(LONGEST_LINE + 1, None) if is_further_back else None

    def is_fresh(self) -> bool:
        return monotonic() - self.seen < KEEP_SECONDS

    def _start(self, one: Generation, slots: int) -> datetime:
        place = _place(one)
        return _start(slots + self.taken[place], self.limits.of(place), _seconds(one, self.known))


class Pictures:
    """The last one of each place, for pages that all ask for the same every few seconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: dict[Place, Picture] = {}

    def of(self, one: Generation) -> Picture:
        place = _place(one)
        with self._lock:  # the others wait for the one that looks, instead of looking too
            picture = self._last.get(place)
            if picture is None or not picture.is_fresh():
                picture = self._last[place] = Picture.take({place})
        return picture

    def forget(self) -> None:
        self._last.clear()


pictures = Pictures()


def of(generations: Iterable[Generation]) -> dict[int, Position]:
    """The positions of those that wait, by primary key. At most five queries, whatever waits."""
    asked = [one for one in generations if _waits(one)]
    if not asked:
        return {}
    picture = Picture.take({_place(one) for one in asked})
    found = {one.pk: picture.position(one) for one in asked}
    return {pk: position for pk, position in found.items() if position is not None}


def lately_of(one: Generation) -> Position | None:
    """As it was at most KEEP_SECONDS ago, and mostly without a query; None if it does not wait."""
    return pictures.of(one).position(one) if _waits(one) else None


def _place(one: Generation) -> Place:
    return (one.account_id, one.model)


def _waits(generation: Generation) -> bool:
    return generation.state == State.QUEUED and not generation.is_waiting_for_approval


def _waiting(places: set[Place]) -> list[_Waiting]:
    here = Q()
    for account, model in places:
        here |= Q(account=account, model=model)
    rows = (
        in_line()
        .filter(here)
        .order_by("pk")
        .values_list("pk", "account", "model", "workspace", "workspace__plan__share", "slots")
    )
    return [
        _Waiting(pk, (account, model), workspace, share, slots)
        for pk, account, model, workspace, share, slots in rows[:LONGEST_LINE]
    ]


def _in_turn(waiting: Iterable[_Waiting]) -> dict[int, tuple[int, int]]:
    """By primary key, number and slots up to and with it, as the ring will serve them.

    Who has had less for the share is served first.
    """
    had: Counter[int] = Counter()
    order = []
    for job in waiting:
        had[job.workspace] += job.slots
        order.append((had[job.workspace] / job.share, job.pk, job))
    line, slots = {}, 0
    for number, (_, _, job) in enumerate(sorted(order), start=1):
        slots += job.slots
        line[job.pk] = (number, slots)
    return line


def _start(slots: int, limit: int | None, seconds: float) -> datetime:
    """When so many slots have had their turn, if each is taken for `seconds`."""
    if limit is None or slots <= limit:
        return timezone.now()
    return timing.after(seconds * (slots - limit) / max(limit, 1))


def _seconds(generation: Generation, known: durations.Usuals) -> float:
    if usual := known.get(durations.kind_of(generation)):
        return usual.median
    models = catalogue.default()
    try:
        model = models.model(generation.operation, generation.model)
        return models.expected_seconds(generation.operation, model)
    except (InvalidInput, catalogue.CatalogueError):
        return 60.0  # of an operation that is no longer declared
