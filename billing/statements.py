"""Monthly statements: what a workspace had, got and spent in a month of UTC, and what was left.

A statement is read from the ledger, which only grows: once its month is over it never changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, QuerySet, Sum
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Workspace
from billing import queries
from billing.errors import NotClosed
from billing.models import Entry

# A movement of the last moment may be committed a little later.
CLOSES_AFTER = timedelta(minutes=1)
MONTH = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])", re.ASCII)

LABELS = {
    Entry.Kind.PURCHASE: "Purchases",
    Entry.Kind.GRANT: "Grants",
    Entry.Kind.CAPTURE: "Charges",
    Entry.Kind.REFUND: "Refunds",
    Entry.Kind.ADJUSTMENT: "Adjustments",
    Entry.Kind.EXPIRY: "Expired",
    Entry.Kind.CLAW_BACK: "Taken back",
}
# Stand on every statement, whether there were any or not.
ALWAYS = frozenset(LABELS)


@dataclass(frozen=True, order=True)
class Month:
    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.next.start

    @property
    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> Month:
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def is_closed(self) -> bool:
        return timezone.now() >= self.end + CLOSES_AFTER


@dataclass(frozen=True)
class Line:
    """`amount` is what it did to the balance, `debt` to what is owed, in micro-credits."""

    label: str
    count: int
    amount: int
    debt: int = 0


@dataclass(frozen=True)
class Standing:
    balance: int
    debt: int


@dataclass(frozen=True)
class Statement:
    """`opening` and the lines add up to `closing`, which is summed up by itself.

    `charges` are the parts of the line of charges, by what was made.
    """

    month: Month
    opening: Standing
    lines: list[Line]
    charges: list[Line]
    closing: Standing

    @property
    def has_debt(self) -> bool:
        return any((self.opening.debt, self.closing.debt, *(line.debt for line in self.lines)))


def month_named(text: str) -> Month | None:
    """2026-10; None where it is no month."""
    found = MONTH.fullmatch(text)
    return Month(int(found[1]), int(found[2])) if found else None


def month_of(moment: datetime) -> Month:
    in_utc = moment.astimezone(UTC)
    return Month(in_utc.year, in_utc.month)


def closed_months(workspace: Workspace) -> list[Month]:
    """Those with a statement, newest first: from the first movement to the last month's end."""
    began = queries.entries_of(workspace).aggregate(first=Min("created_at"))["first"]
    if began is None:
        return []
    months = [month_of(began)]
    while months[-1].is_closed:
        months.append(months[-1].next)
    return months[-2::-1]


def statement(workspace: Workspace, month: Month) -> Statement:
    """Raises NotClosed for a month that is not over, or before the first movement."""
    if month not in closed_months(workspace):
        raise NotClosed(str(month))
    rows = queries.entries_of(workspace)
    inside = rows.filter(created_at__gte=month.start, created_at__lt=month.end)
    return Statement(
        month=month,
        opening=_standing(rows.filter(created_at__lt=month.start)),
        lines=_lines(inside),
        charges=_charges(inside),
        closing=_standing(rows.filter(created_at__lt=month.end)),
    )


def _standing(rows: QuerySet[Entry]) -> Standing:
    sums = rows.aggregate(balance=Sum("amount", default=0), debt=Sum("debt", default=0))
    return Standing(**sums)


def _lines(rows: QuerySet[Entry]) -> list[Line]:
    found = {
        row["kind"]: row
        for row in rows.order_by()
        .values("kind")
        .annotate(count=Count("pk"), balance=Sum("amount"), owed=Sum("debt"))
    }
    nothing = {"count": 0, "balance": 0, "owed": 0}
    lines = []
    for kind in Entry.Kind:
        if kind in found or kind in ALWAYS:
            row = found.get(kind, nothing)
            label = LABELS.get(kind, kind.label)
            lines.append(Line(label, row["count"], row["balance"], row["owed"]))
    return lines


def _charges(rows: QuerySet[Entry]) -> list[Line]:
    """Billing does not know what is made: the product breaks its charges down."""
    break_down: Callable[[QuerySet[Entry]], Sequence[tuple[str, int, int]]] = import_string(
        settings.BILLING_CHARGES_BY
    )
    charges = break_down(rows.filter(kind=Entry.Kind.CAPTURE))
    return [Line(label, count, amount) for label, count, amount in charges]
