"""What a workspace used: jobs and charged credits per day, operation, member and key.

Days are UTC. A job counts on the day it was created. Deleted jobs count: what they cost was paid.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import Workspace
from billing.models import Entry
from generations.models import Generation
from kling import operations

# More is refused, so that a year is the most that one query reads.
MOST_DAYS = 366

# What rows can be told apart by besides day and operation, and the columns that say it.
GROUPS = {
    "member": {"member": F("created_by__email")},
    "key": {"key": F("api_key__prefix"), "key_label": F("api_key__label")},
}


@dataclass(frozen=True)
class Selection:
    """Jobs of a workspace in some days, both included; what is empty narrows nothing."""

    workspace: Workspace
    first: date
    last: date
    operation: str = ""
    member: int | None = None
    key: int | None = None

    def rows(self) -> QuerySet[Generation]:
        rows = Generation.objects.filter(
            workspace=self.workspace,
            created_at__gte=datetime.combine(self.first, time.min, UTC),
            created_at__lte=datetime.combine(self.last, time.max, UTC),
        )
        if self.operation:
            rows = rows.filter(operation=self.operation)
        if self.member is not None:
            rows = rows.filter(created_by=self.member)
        if self.key is not None:
            rows = rows.filter(api_key=self.key)
        return rows.order_by()


def per_day(selection: Selection, *, group_by: Collection[str] = ()) -> QuerySet[Any, Any]:
    """Rows of day, operation, `count`, `credits` (micro) and what is grouped by, newest first."""
    named = {name: column for group in group_by for name, column in GROUPS[group].items()}
    return (
        selection.rows()
        .values("operation", day=TruncDate("created_at", tzinfo=UTC), **named)
        .annotate(count=Count("pk"), credits=Sum("charged"))
        .order_by("-day", "operation", *named)
    )


def by_day(selection: Selection) -> QuerySet[Any, Any]:
    """Sums of each day with jobs, newest first."""
    return (
        selection.rows()
        .values(day=TruncDate("created_at", tzinfo=UTC))
        .annotate(count=Count("pk"), credits=Sum("charged"))
        .order_by("-day")
    )


def by(selection: Selection, *columns: str) -> QuerySet[Any, Any]:
    """Sums over all the days, by columns of the jobs, the dearest first."""
    rows: QuerySet[Any, Any] = selection.rows().values(*columns)
    sums: QuerySet[Any, Any] = rows.annotate(count=Count("pk"), credits=Sum("charged"))
    return sums.order_by("-credits", "-count", *columns)


def charges_by_operation(charges: QuerySet[Entry]) -> list[tuple[str, int, int]]:
    """Entries that charge jobs, summed up by operation: title, count, micro-credits."""
    rows = (
        charges.order_by()
        .values(operation=F("hold__generation__operation"))
        .annotate(count=Count("pk"), sum=Sum("amount"))
        .order_by("sum")
    )
    return [(title_of(row["operation"]), row["count"], row["sum"]) for row in rows]


def title_of(operation: str | None) -> str:
    """Its name for people; an operation may have left the catalogue since."""
    known = {one.name: one.title for one in operations.all_operations()}
    return known.get(operation or "", operation or "Other")
