"""What a draft of the price book would change: typical jobs, priced by it and by the book in force.

Billing knows units and prices, not what is made of them: the product names its jobs through
`settings.BILLING_TYPICAL_JOBS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from billing import prices
from billing.errors import InvalidPriceBook, NotPriced
from billing.models import PriceBook


@dataclass(frozen=True)
class TypicalJob:
    """`units` is None where the operator's own rate says them."""

    title: str
    operation: str
    model: str
    unit_type: str
    units: Decimal | None


@dataclass(frozen=True)
class Line:
    """Micro-credits of a job before and after; None where it has no price."""

    job: TypicalJob
    before: int | None
    after: int | None

    @property
    def percent(self) -> Decimal | None:
        """How much dearer, in percent; below zero: cheaper."""
        if self.before is None or self.after is None:
            return None
        return (Decimal(self.after - self.before) * 100 / self.before).quantize(Decimal("0.1"))


@dataclass(frozen=True)
class Comparison:
    """`digest` stands for all that was compared: what a person agrees to."""

    current: PriceBook | None
    dearer: list[Line]
    cheaper: list[Line]
    other: list[Line]
    unchanged: int
    digest: str


def compare(draft: PriceBook) -> Comparison:
    current = prices.current_book()
    old = None if current is None else prices.content(current.pk)
    new = prices.content(draft.pk)
    lines = [Line(job, _price(job, old), _price(job, new)) for job in typical_jobs()]
    changed = [line for line in lines if line.percent]
    return Comparison(
        current=current,
        dearer=sorted((line for line in changed if _percent(line) > 0), key=_percent, reverse=True),
        cheaper=sorted((line for line in changed if _percent(line) < 0), key=_percent),
        other=[line for line in lines if (line.before is None) != (line.after is None)],
        unchanged=sum(line.percent == 0 for line in lines),
        digest=_digest(old, new, draft),
    )


@transaction.atomic
def publish_as_compared(draft: PriceBook, *, digest: str) -> PriceBook:
    """Publish a draft as somebody saw it compared. Raises InvalidPriceBook if it has changed."""
    row = PriceBook.objects.select_for_update().get(pk=draft.pk)
    if row.published_at is None and compare(row).digest != digest:
        raise InvalidPriceBook(["It, or the book in force, has changed meanwhile. Look again."])
    return prices.publish(row)


def typical_jobs() -> Sequence[TypicalJob]:
    jobs: Callable[[], Sequence[TypicalJob]] = import_string(settings.BILLING_TYPICAL_JOBS)
    return jobs()


def _price(job: TypicalJob, content: prices.Content | None) -> int | None:
    if content is None:
        return None
    units = content.rates.get(job.operation) if job.units is None else job.units
    try:
        rate = content.rate(job.operation, job.model, job.unit_type)
    except NotPriced:
        return None
    return None if units is None else prices.cost(units, rate=rate)


def _percent(line: Line) -> Decimal:
    return line.percent or Decimal(0)


def _digest(old: prices.Content | None, new: prices.Content, draft: PriceBook) -> str:
    margins = [
        sorted((*match, str(factor)) for match, factor in content.margins.items())
        for content in (old, new)
        if content is not None
    ]
    parts = [
        margins,
        [asdict(content)["unit_prices"] for content in (old, new) if content is not None],
        {name: str(units) for name, units in new.rates.items()},
        str(draft.valid_from),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
