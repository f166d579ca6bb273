"""Where a waiting job stands in line, and when its turn may come. An estimate, and cheap."""

from __future__ import annotations

from collections import Counter, defaultdict
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
    """Who waits and what is running at some places, as it was at `seen` of the monotonic clock."""

    seen: float
    lines: dict[Place, dict[int, tuple[int, int]]]
    taken: Counter[Place]
    limits: Limits
    known: durations.Usuals

    @classmethod
    def take(cls, places: set[Place]) -> Picture:
        """Five queries, whatever waits."""
        seen = monotonic()
        with wall.lifted():  # who else waits, and what is running, belongs to others too
            lines = _lines(places)
            taken = pools.usage().by_place
        limits = pools.limits({account for account, _ in places})
        return cls(seen, lines, taken, limits, durations.known())

    def position(self, one: Generation) -> Position:
        place = _place(one)
        number, ahead = self.lines[place].get(one.pk, (LONGEST_LINE + 1, None))
        start = None
        if ahead is not None and one.account.is_usable:
            limit = self.limits.of(place)
            start = _start(ahead + self.taken[place], limit, _seconds(one, self.known))
        return Position(number, start)

    def shows(self, one: Generation) -> bool:
        """False if it is too old, or older than the job."""
        line = self.lines[_place(one)]
        is_complete = one.pk in line or len(line) >= LONGEST_LINE
        return is_complete and monotonic() - self.seen < KEEP_SECONDS


class Pictures:
    """The last one of each place, for pages that all ask for the same every few seconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: dict[Place, Picture] = {}

    def of(self, one: Generation) -> Picture:
        place = _place(one)
        with self._lock:  # the others wait for the one that looks, instead of looking too
            picture = self._last.get(place)
            if picture is None or not picture.shows(one):
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
    return {one.pk: picture.position(one) for one in asked}


def lately_of(one: Generation) -> Position | None:
    """As it was at most KEEP_SECONDS ago, and mostly without a query; None if it does not wait."""
    return pictures.of(one).position(one) if _waits(one) else None


def _place(one: Generation) -> Place:
    return (one.account_id, one.model)


def _waits(generation: Generation) -> bool:
    return generation.state == State.QUEUED and not generation.is_waiting_for_approval


def _lines(places: set[Place]) -> dict[Place, dict[int, tuple[int, int]]]:
    """Of each place, its waiting jobs in their turn: number, and slots up to and with it."""
    here = Q()
    for account, model in places:
        here |= Q(account=account, model=model)
    rows = (
        in_line()
        .filter(here)
        .order_by("pk")
        .values_list("pk", "account", "model", "workspace", "workspace__plan__share", "slots")
    )
    waiting: dict[Place, list[_Waiting]] = defaultdict(list)
    for pk, account, model, workspace, share, slots in rows[:LONGEST_LINE]:
        waiting[account, model].append(_Waiting(pk, (account, model), workspace, share, slots))
    return {place: _in_turn(waiting[place]) for place in places}


def _in_turn(waiting: list[_Waiting]) -> dict[int, tuple[int, int]]:
    """As the ring will serve them: who has had less for the share is served first."""
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
