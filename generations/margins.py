"""What jobs brought and cost the operator, and how far deductions were from the quotes.

A job counts on the UTC day on which it ended. Costs are money of settings.OPERATOR_CURRENCY: the
units that the provider took, times what a unit cost at its account then, or costs there today if
nobody had said it then. What is not known is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, DecimalField, F, Q, QuerySet, Sum, When
from django.db.models.functions import Abs, Coalesce, TruncDate

from billing import revenue
from billing.amounts import MICRO
from billing.models.prices import UnitType
from generations.models import Generation, State

MONEY: DecimalField[Any, Any] = DecimalField(max_digits=30, decimal_places=6)
UNIT_COST = Coalesce(
    "unit_cost",
    Case(
        When(unit_type=UnitType.VIDEO, then="account__unit_cost"),
        When(unit_type=UnitType.IMAGE, then="account__image_unit_cost"),
        When(unit_type=UnitType.TRY_ON, then="account__try_on_unit_cost"),
    ),
)
# What the provider took, with the calls that led to no task.
TAKEN = Case(
    When(lost_units=0, then=F("deducted")),
    When(task_id="", then=F("lost_units")),
    default=F("deducted") + F("lost_units"),
    output_field=MONEY,
)
# What never reached the provider cost nothing; of the rest it is known, or not.
UNREACHED = Q(task_id="", lost_units=0)
GROUPS = {"day": ("day", "unit_type"), "model": ("operation", "model", "unit_type")}


@dataclass(frozen=True)
class Figures:
    """Of a job or a group of them. `unknown`: jobs among them whose cost nobody knows.

    `charged` is micro-credits, `variance` units beyond the quote, of jobs with a deduction.
    """

    names: tuple[Any, ...]
    jobs: int
    charged: int
    quoted: Decimal | None
    deducted: Decimal | None
    variance: Decimal | None
    known_cost: Decimal | None
    unknown: int
    price_of_credit: Decimal | None

    @property
    def value(self) -> Decimal | None:
        """What the charged credits brought, at the average price of a credit."""
        if self.price_of_credit is None:
            return None
        return self.charged * self.price_of_credit / MICRO

    @property
    def cost(self) -> Decimal | None:
        return None if self.unknown else self.known_cost or Decimal(0)

    @property
    def margin(self) -> Decimal | None:
        return None if self.value is None or self.cost is None else self.value - self.cost


@dataclass(frozen=True)
class Period:
    """Days of UTC, both included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time.min, UTC)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time.min, UTC)

    @cached_property
    def price_of_credit(self) -> Decimal | None:
        return revenue.price_of_credit(settings.OPERATOR_CURRENCY, until=self.end)

    def jobs(self) -> QuerySet[Any, Any]:
        """Generations with `day`, `variance`, `taken`, `cost_of_unit` and `cost`."""
        ended = Generation.objects.filter(finished_at__gte=self.start, finished_at__lt=self.end)
        return ended.order_by().annotate(
            day=TruncDate("finished_at", tzinfo=UTC),
            variance=F("deducted") - F("units"),
            taken=TAKEN,
            cost_of_unit=UNIT_COST,
            cost=Case(
                When(UNREACHED, then=Decimal(0)),
                default=TAKEN * UNIT_COST,
                output_field=MONEY,
            ),
        )


def total(period: Period) -> Figures:
    return _figures(period, period.jobs().aggregate(**_sums()), ())


def grouped(period: Period, by: str) -> list[Figures]:
    """By "day" or "model"; always by the type of unit too, since units of two do not add up."""
    names = GROUPS[by]
    rows = period.jobs().values(*names).annotate(**_sums())
    rows = rows.order_by("-day", "unit_type") if by == "day" else rows.order_by("-charge", *names)
    return [_figures(period, row, names) for row in rows]


def of_job(period: Period, job: Any) -> Figures:
    """`job`: a row of `Period.jobs`."""
    is_unknown = job.cost is None
    return Figures(
        names=(job.public_id,),
        jobs=1,
        charged=job.charged,
        quoted=job.units,
        deducted=job.taken,
        variance=job.variance,
        known_cost=job.cost,
        unknown=int(is_unknown),
        price_of_credit=period.price_of_credit,
    )


def largest_variances(period: Period, limit: int) -> QuerySet[Any, Any]:
    rows = period.jobs().exclude(variance=0).filter(variance__isnull=False)
    return _with_places(rows.order_by(Abs("variance").desc(), "-pk")[:limit])


def without_deduction(period: Period) -> QuerySet[Any, Any]:
    """Jobs that the provider has done without saying for how many units."""
    return period.jobs().filter(state=State.SUCCEEDED, deducted__isnull=True)


def latest_without_deduction(period: Period, limit: int) -> QuerySet[Any, Any]:
    return _with_places(without_deduction(period).order_by("-finished_at", "-pk")[:limit])


def each(period: Period) -> QuerySet[Any, Any]:
    return _with_places(period.jobs().order_by("finished_at", "pk"))


def _with_places(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.select_related("workspace", "account")


def _sums() -> dict[str, Any]:
    has_deduction = Q(deducted__isnull=False)
    return {
        "count": Count("pk"),
        "charge": Sum("charged", default=0),
        "quoted_units": Sum("units", filter=has_deduction),
        "deducted_units": Sum("taken"),
        "variance_units": Sum("variance"),
        "money": Sum("cost", output_field=MONEY),
        "unknown": Count("pk", filter=Q(cost__isnull=True)),
    }


def _figures(period: Period, row: dict[str, Any], names: tuple[str, ...]) -> Figures:
    return Figures(
        names=tuple(row[name] for name in names),
        jobs=row["count"],
        charged=row["charge"],
        quoted=row["quoted_units"],
        deducted=row["deducted_units"],
        variance=row["variance_units"],
        known_cost=row["money"],
        unknown=row["unknown"],
        price_of_credit=period.price_of_credit,
    )
