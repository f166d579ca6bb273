"""How long each kind of job usually takes: learnt from those that succeeded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import exp, inf, log, sqrt

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from generations import timing
from generations.models import Generation, UsualDuration
from generations.pace import Usual
from kling.tasks import Task

Kind = tuple[str, str, str, str]  # of KEY
Usuals = dict[Kind, Usual]
KEY = ("dialect", "operation", "model", "mode")

ENOUGH = 5  # jobs; of fewer nothing is concluded
# The last so many jobs count, and of more those of the last so many seconds: a provider that has
# become faster is believed after as many. Of thousands that begin together the quick ones end
# first; the last fifty alone would always say that all of them end just now.
MEMORY, MEMORY_SECONDS = 50, 300.0
SHORTEST, LONGEST = 1.0, 24 * 3600.0  # seconds that are believed
# Jobs that all took the same by chance must not make us look at one moment only: the spread is
# drawn towards a common one, as if that had been seen so often.
COMMON_SPREAD, COMMON_SEEN = 0.5, 2
NARROWEST = 0.15


@dataclass(frozen=True)
class Moments:
    """Of the natural logarithm of seconds."""

    count: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def with_one_more(self, seconds: float, *, since: float = inf) -> Moments:
        """`since`: seconds from the job before."""
        value = log(min(max(seconds, SHORTEST), LONGEST))
        count = min(self.count + 1, MEMORY)
        share = 1 / count
        if self.count == MEMORY:
            share = min(share, max(0.0, since) / MEMORY_SECONDS)
        difference = value - self.mean
        mean = self.mean + difference * share
        variance = self.variance + (difference * (value - mean) - self.variance) * share
        return Moments(count, mean, max(variance, 0.0))

    def usual(self) -> Usual | None:
        """None as long as too little is known."""
        if self.count < ENOUGH:
            return None
        seen = self.variance * self.count + COMMON_SPREAD**2 * COMMON_SEEN
        return Usual(exp(self.mean), max(NARROWEST, sqrt(seen / (self.count + COMMON_SEEN))))


def kind_of(generation: Generation) -> Kind:
    return (
        generation.account.dialect,
        generation.operation,
        generation.model,
        generation.mode,
    )


def known() -> Usuals:
    """All of it: a few hundred small rows at most."""
    rows = UsualDuration.objects.values_list(*KEY, "count", "mean", "variance")
    found = {(row[0], row[1], row[2], row[3]): Moments(*row[4:]).usual() for row in rows}
    return {kind: usual for kind, usual in found.items() if usual is not None}


def usual_of(generation: Generation) -> Usual | None:
    kind = dict(zip(KEY, kind_of(generation), strict=True))
    row = UsualDuration.objects.filter(**kind).first()
    return Moments(row.count, row.mean, row.variance).usual() if row else None


def learn(ended: Iterable[tuple[Generation, float]]) -> None:
    """Take in how many seconds jobs took that have just succeeded."""
    lengths: dict[Kind, list[float]] = defaultdict(list)
    for generation, seconds in ended:
        lengths[kind_of(generation)].append(seconds)
    for kind, of_kind in sorted(lengths.items()):
        _learn(dict(zip(KEY, kind, strict=True)), of_kind)


@transaction.atomic
def _learn(kind: dict[str, str], lengths: Sequence[float]) -> None:
    """A row that somebody else has just now is passed over instead of waited for."""
    own = UsualDuration.objects.filter(**kind)
    row = own.select_for_update(skip_locked=True).first()
    known, since = Moments(), inf
    if row is not None:
        known, since = Moments(row.count, row.mean, row.variance), timing.age(row.updated_at)
    elif own.exists():
        return
    for seconds in lengths:
        known, since = known.with_one_more(seconds, since=since), 0.0
    if row is not None:
        own.update(**asdict(known), updated_at=timezone.now())
    else:
        first = UsualDuration(**kind, **asdict(known))
        UsualDuration.objects.bulk_create([first], ignore_conflicts=True)


def taken(generation: Generation, task: Task) -> float | None:
    """Seconds of the provider, by its own clock where it tells; None if there is no telling."""
    if generation.submitted_at is None:
        return None
    ours = (timezone.now() - generation.submitted_at).total_seconds()
    if task.created_at and task.updated_at:
        theirs = (task.updated_at - task.created_at) / 1000
        # Later than we have seen it is a clock that jumped.
        if 0 < theirs <= ours:
            return theirs / settings.TIMER_SCALE
    return ours / settings.TIMER_SCALE
