"""Where a waiting job stands in line, and when its turn may come. An estimate, and cheap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import NamedTuple, Self

from django.db.models import Q
from django.utils import timezone

from accounts import wall
from generations import durations, pools, timing
from generations.durations import Kind
from generations.lookout import Clock, Lookout
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


class Asked(NamedTuple):
    """A waiting job, as far as its position depends on it. `is_usable`: its account."""

    pk: int
    place: Place
    kind: Kind
    is_usable: bool

    @classmethod
    def about(cls, one: Generation) -> Self:
        place, kind = (one.account_id, one.model), durations.kind_of(one)
        return cls(one.pk, place, kind, one.account.is_usable)


class _Waiting(NamedTuple):
    pk: int
    place: Place
    workspace: int
    share: int
    slots: int


@dataclass(frozen=True)
class Picture:
    """Who waits and what is running at some places.

    `counted_to`: the primary key of the last job that was counted, if they are too many; else None.
    """

    lines: dict[Place, dict[int, tuple[int, int]]]
    counted_to: int | None
    taken: Counter[Place]
    limits: Limits
    known: durations.Usuals

    @classmethod
    def take(cls, places: set[Place]) -> Picture:
        """Five queries, whatever waits."""
        with wall.lifted():  # who else waits, and what is running, belongs to others too
            waiting = _waiting(places)
            taken = pools.usage().by_place
        lines = {at: _in_turn(job for job in waiting if job.place == at) for at in places}
        counted_to = waiting[-1].pk if len(waiting) >= LONGEST_LINE else None
        limits = pools.limits({account for account, _ in places})
        return cls(lines, counted_to, taken, limits, durations.known())

    def position(self, one: Asked) -> Position | None:
        """None if it does not wait any more, or did not yet."""
        if one.pk in self.lines[one.place]:
            number, slots = self.lines[one.place][one.pk]
            return Position(number, self._start(one, slots) if one.is_usable else None)
        is_further_back = self.counted_to is not None and one.pk > self.counted_to
        return Position(LONGEST_LINE + 1, None) if is_further_back else None

    def _start(self, one: Asked, slots: int) -> datetime:
        taken, limit = self.taken[one.place], self.limits.of(one.place)
        return _start(slots + taken, limit, _seconds(one.kind, self.known))


class Pictures:
    """The last one of each place, for pages that all ask for the same every few seconds."""

    def __init__(self, clock: Clock = monotonic) -> None:
        self._clock = clock
        self._lookout = Lookout(KEEP_SECONDS, clock)
        self._last: dict[Place, tuple[float, Picture]] = {}

    def position(self, one: Asked) -> Position | None:
        """As it was at most KEEP_SECONDS ago, mostly; None also if nobody could look yet."""
        with self._lookout.take() as is_ours:
            if is_ours:
                self._look(one.place)
        _, picture = self._last.get(one.place, (0.0, None))
        return picture.position(one) if picture else None

    def forget(self) -> None:
        with self._lookout.begin_anew():
            self._last.clear()

    def _look(self, place: Place) -> None:
        now = self._clock()
        if place not in self._last or now - self._last[place][0] >= KEEP_SECONDS:
            self._last[place] = (now, Picture.take({place}))


pictures = Pictures()


def of(generations: Iterable[Generation]) -> dict[int, Position]:
    """The positions of those that wait, by primary key. At most five queries, whatever waits."""
    asked = [Asked.about(one) for one in generations if _waits(one)]
    if not asked:
        return {}
    picture = Picture.take({one.place for one in asked})
    found = {one.pk: picture.position(one) for one in asked}
    return {pk: position for pk, position in found.items() if position is not None}


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


def _seconds(kind: Kind, known: durations.Usuals) -> float:
    if usual := known.get(kind):
        return usual.median
    _, operation, name, _ = kind
    models = catalogue.default()
    try:
        return models.expected_seconds(operation, models.model(operation, name))
    except (InvalidInput, catalogue.CatalogueError):
        return 60.0  # of an operation that is no longer declared
