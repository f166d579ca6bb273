"""Where a waiting job stands in line, and when its turn may come. An estimate, and cheap."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts import wall
from generations import durations, pools, timing
from generations.models import Generation, State
from generations.pools import Place
from generations.queries import in_line
from kling import catalogue
from kling.errors import InvalidInput

LONGEST_LINE = 1000  # waiting jobs that are counted


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


def of(generations: Iterable[Generation]) -> dict[int, Position]:
    """The positions of those that wait, by primary key. At most five queries, whatever waits."""
    asked = [one for one in generations if _waits(one)]
    if not asked:
        return {}
    with wall.lifted():  # who else waits, and what is running, belongs to others too
        lines = _lines({(one.account_id, one.model) for one in asked})
        taken = pools.usage().by_place
    limits = pools.limits({one.account_id for one in asked})
    known = durations.known()
    found = {}
    for one in asked:
        place = (one.account_id, one.model)
        number, ahead = lines[place].get(one.pk, (LONGEST_LINE + 1, None))
        start = None
        if ahead is not None and one.account.is_usable:
            start = _start(ahead + taken[place], limits.of(place), _seconds(one, known))
        found[one.pk] = Position(number, start)
    return found


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
