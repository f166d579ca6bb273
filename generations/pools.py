"""How many parallel tasks an account takes of one model, and how many it has.

The operator's limit holds, and below it what the provider has taught: code 1303 says that there
were too many. Other programs may use the same account, so what is learnt is slowly forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils import timezone

from generations import timing
from generations.models import Generation, ProviderAccount, SlotPool
from generations.queries import without_parked
from generations.states import OCCUPYING

Place = tuple[int, str]  # an account's primary key, and a model

ONE_MORE_AFTER = 30.0  # seconds without trouble, for each slot that is tried again
FORGET_AFTER = 3600.0
# A job of which nothing has been heard for so long holds no slot: one whose submission was lost
# and that waits for the operator would otherwise keep it for ever.
HOLDS_A_SLOT = timedelta(hours=2)


@dataclass
class Usage:
    """Parallel tasks that are taken: by place, by workspace, and by plan."""

    by_place: Counter[Place] = field(default_factory=Counter)
    by_workspace: Counter[int] = field(default_factory=Counter)
    by_plan: Counter[int] = field(default_factory=Counter)

    def add(self, place: Place, workspace: int, plan: int, slots: int) -> None:
        self.by_place[place] += slots
        self.by_workspace[workspace] += slots
        self.by_plan[plan] += slots


def occupying() -> QuerySet[Generation]:
    """Jobs that the provider counts against the account's parallel tasks."""
    since = timezone.now() - HOLDS_A_SLOT * settings.TIMER_SCALE
    return without_parked(Generation.objects.filter(state__in=OCCUPYING, submitted_at__gt=since))


def usage() -> Usage:
    rows = (
        occupying()
        .order_by()
        .values_list("account", "model", "workspace", "workspace__plan")
        .annotate(taken=Sum("slots"))
    )
    found = Usage()
    for account, model, workspace, plan, taken in rows:
        found.add((account, model), workspace, plan, taken)
    return found


def limits(accounts: Iterable[int]) -> Limits:
    pks = list(accounts)
    given = ProviderAccount.objects.filter(pk__in=pks).values_list("pk", "parallel_tasks")
    taught = SlotPool.objects.filter(account__in=pks, learnt__isnull=False)
    return Limits(dict(given), {(pool.account_id, pool.model): pool for pool in taught})


@dataclass(frozen=True)
class Limits:
    given: dict[int, int | None]
    taught: dict[Place, SlotPool]

    def of(self, place: Place) -> int | None:
        """Parallel tasks there, at most; None: no limit is known."""
        given, pool = self.given.get(place[0]), self.taught.get(place)
        learnt = _now(pool) if pool else None
        known = [limit for limit in (given, learnt) if limit is not None]
        return min(known) if known else None


def note_full(generation: Generation) -> None:
    """The provider has too many tasks of this account and model: what runs now is all it takes."""
    place = {"account": generation.account_id, "model": generation.model}
    others = occupying().filter(**place).exclude(pk=generation.pk)
    taken = others.aggregate(sum=Sum("slots"))["sum"] or 0
    pool, _ = SlotPool.objects.get_or_create(
        account_id=generation.account_id, model=generation.model
    )
    known = _now(pool)
    # Of many that were sent together the last one to be refused knows best.
    learnt = taken if known is None else min(known, taken)
    SlotPool.objects.filter(pk=pool.pk).update(learnt=learnt, learnt_at=timezone.now())


def _now(pool: SlotPool) -> int | None:
    """What was learnt, and a slot more for each while that has passed since."""
    if pool.learnt is None or pool.learnt_at is None:
        return None
    age = timing.age(pool.learnt_at)
    return None if age > FORGET_AFTER else pool.learnt + int(age / ONE_MORE_AFTER)
