"""What is spent against caps, counted from the jobs: charged, or still held, by when created.

A job counts for the UTC day and month in which it was created, also when it ends later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.access import Actor
from accounts.caps import Cap, Period, caps_on
from accounts.models import ApiKey, Membership, Workspace
from accounts.models.caps import Capped
from accounts.quotas import QuotaExceeded
from billing.amounts import to_text
from generations.models import Generation
from generations.states import ACTIVE, State

# What a job has taken of its workspace's credits so far: micro-credits.
TAKEN = Case(
    When(state__in=sorted(ACTIVE - {State.STORING}), then=F("quoted")),
    default=F("charged"),
    output_field=BigIntegerField(),
)


@dataclass(frozen=True)
class Spent:
    """Micro-credits of this UTC day and month."""

    day: int = 0
    month: int = 0


def refuse_above_caps(by: Actor, *, credits: int) -> None:
    """Raise QuotaExceeded if a job of `credits` micro-credits breaks a cap, or the plan's own.

    One statement, and none where nothing is capped. The caller has locked the credit account:
    nobody else's job of this workspace comes between the count and the job.
    """
    for cap, used in standing(by):
        if used + credits > cap.limit:
            raise QuotaExceeded(
                quota=cap.quota,
                limit=cap.limit,
                used=used,
                retry_after=_seconds_to_next(cap.period),
                amounts=_amounts(cap, used, credits),
            )


def standing(by: Actor) -> list[tuple[Cap, int]]:
    """Each cap on the actor's jobs, that of the plan too, and the micro-credits used of it."""
    caps = [*_of_plan(by.workspace), *caps_on(by)]
    used = _used(by.workspace, caps) if caps else {}
    return [(cap, used[cap.quota]) for cap in caps]


def spent_by_member(workspace: Workspace) -> dict[int | None, Spent]:
    """By the primary key of the person; jobs of keys are nobody's."""
    return _grouped(workspace, "created_by")


def spent_by_key(workspace: Workspace) -> dict[int | None, Spent]:
    return _grouped(workspace, "api_key")


def spent_by(cap_holder: Capped, workspace: Workspace) -> Spent:
    rows = _since(workspace, start_of("month")).filter(_whose(cap_holder))
    return Spent(**rows.aggregate(day=_sum(start_of("day")), month=_sum(start_of("month"))))


def start_of(period: Period) -> datetime:
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if period == "day" else midnight.replace(day=1)


def end_of(period: Period) -> datetime:
    """When a cap begins anew."""
    if period == "day":
        return start_of("day") + timedelta(days=1)
    return (start_of("month") + timedelta(days=32)).replace(day=1)


def _of_plan(workspace: Workspace) -> list[Cap]:
    limit = workspace.plan.daily_credits
    return [] if limit is None else [Cap("daily_credits", limit, "day", workspace)]


def _used(workspace: Workspace, caps: Iterable[Cap]) -> dict[str, int]:
    sums = {cap.quota: _sum(start_of(cap.period), _whose(cap.holder)) for cap in caps}
    # The month is read only where it is capped.
    since = min(start_of(cap.period) for cap in caps)
    rows = _since(workspace, since).filter(reduce(or_, [_whose(cap.holder) for cap in caps]))
    return rows.aggregate(**sums)


def _since(workspace: Workspace, since: datetime) -> QuerySet[Generation]:
    return Generation.objects.filter(workspace=workspace, created_at__gte=since).order_by()


def _sum(since: datetime, whose: Q | None = None) -> Any:
    rows = Q(created_at__gte=since) & whose if whose else Q(created_at__gte=since)
    return Coalesce(Sum(TAKEN, filter=rows), Value(0), output_field=BigIntegerField())


def _whose(holder: Capped) -> Q:
    match holder:
        case Membership():
            return Q(created_by=holder.user_id)
        case ApiKey():
            return Q(api_key=holder.pk)
        case _:
            return Q(workspace=holder.pk)


def _grouped(workspace: Workspace, field: str) -> dict[int | None, Spent]:
    rows = _since(workspace, start_of("month")).values_list(field)
    sums = rows.annotate(day=_sum(start_of("day")), month=_sum(start_of("month")))
    return defaultdict(Spent, {pk: Spent(day, month) for pk, day, month in sums})


def _seconds_to_next(period: Period) -> int:
    return int((end_of(period) - timezone.now()).total_seconds()) + 1


def _amounts(cap: Cap, used: int, credits: int) -> str:
    begins = f"{end_of(cap.period):%-d %B}"
    said = (
        f"{to_text(used)} of {to_text(cap.limit)} credits are used and this job needs "
        f"{to_text(credits)}. It begins anew on {begins} (UTC)."
    )
    if cap.quota != "daily_credits":
        return said
    now = "Wait until then" if credits <= cap.limit else "Choose something cheaper"
    return f"{said} {now}, or change to a plan that allows more; your credits stay."
