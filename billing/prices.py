"""What a request costs: provider units times the price book in force, rounded up at the micro."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from billing.amounts import EXACT, MAX_MICRO, round_up
from billing.errors import InvalidPriceBook, NotPriced
from billing.models import Margin, OperationRate, PriceBook, UnitPrice
from billing.models.prices import UnitType

__all__ = [
    "NotPriced",
    "Price",
    "cost",
    "current_book",
    "draft_from",
    "price",
    "publish",
    "rates",
]


@dataclass(frozen=True)
class Price:
    """A price to freeze into a job: `credits` for all, `rate` for one unit (both micro)."""

    book_id: int
    credits: int
    rate: int


def current_book() -> PriceBook | None:
    return PriceBook.objects.filter(published_at__isnull=False).order_by("-version").first()


def price(*, operation: str, model: str, units: Decimal, unit_type: str) -> Price:
    """Raises NotPriced if the book in force has no price for the unit type."""
    if not units.is_finite() or units < 0:
        raise ValueError(f"{units} is not a number of units.")
    book = current_book()
    if book is None:
        raise NotPriced(unit_type)
    content = _content(book.pk, book.published_at)
    if unit_type not in content.unit_prices:
        raise NotPriced(unit_type)
    rate = cost(content.factor(operation, model), rate=content.unit_prices[unit_type])
    total = cost(units, rate=rate)
    if total > MAX_MICRO:
        raise ValueError(f"{units} units are beyond any price.")
    return Price(book_id=book.pk, credits=total, rate=rate)


def rates() -> dict[str, Decimal]:
    """Units by operation, of those that the operator has to price, in the book in force."""
    book = current_book()
    return {} if book is None else dict(_content(book.pk, book.published_at).rates)


@dataclass(frozen=True)
class _Content:
    unit_prices: dict[str, int]
    margins: dict[tuple[str, str], Decimal]
    rates: dict[str, Decimal]

    def factor(self, operation: str, model: str) -> Decimal:
        """The closest margin: operation and model, then operation, then model, then any."""
        for match in ((operation, model), (operation, ""), ("", model), ("", "")):
            if match in self.margins:
                return self.margins[match]
        return Decimal(1)


@lru_cache(maxsize=8)
def _content(book_id: int, published_at: datetime) -> _Content:  # noqa: ARG001  part of the key
    """What stands in a published book. It never changes again, so each process reads it once."""
    prices = UnitPrice.objects.filter(book=book_id).values_list("unit_type", "credits")
    margins = Margin.objects.filter(book=book_id).values_list("operation", "model", "factor")
    rates = OperationRate.objects.filter(book=book_id).values_list("operation", "units")
    return _Content(
        unit_prices=dict(prices),
        margins={(operation, model): factor for operation, model, factor in margins},
        rates=dict(rates),
    )


def cost(units: Decimal, *, rate: int) -> int:
    """Micro-credits of so many units at a frozen rate: the rule of quotes and of settlements."""
    return round_up(EXACT.multiply(units, Decimal(rate)))


def next_version() -> int:
    return (PriceBook.objects.aggregate(last=Max("version"))["last"] or 0) + 1


@transaction.atomic
def draft_from(book: PriceBook) -> PriceBook:
    """A draft of the next version, with the prices of `book` to start from."""
    draft = PriceBook.objects.create(version=next_version(), note=f"From {book}")
    UnitPrice.objects.bulk_create(
        UnitPrice(book=draft, unit_type=row.unit_type, credits=row.credits)
        for row in book.unit_prices.all()
    )
    Margin.objects.bulk_create(
        Margin(book=draft, operation=row.operation, model=row.model, factor=row.factor)
        for row in book.margins.all()
    )
    OperationRate.objects.bulk_create(
        OperationRate(book=draft, operation=row.operation, units=row.units)
        for row in book.operation_rates.all()
    )
    return draft


@transaction.atomic
def publish(book: PriceBook) -> PriceBook:
    """Put a draft into force, for good. Raises InvalidPriceBook and changes nothing."""
    row = PriceBook.objects.select_for_update().get(pk=book.pk)
    problems = _problems(row)
    if problems:
        raise InvalidPriceBook(problems)
    row.published_at = timezone.now()
    row.save(update_fields=["published_at"])
    return row


def _problems(book: PriceBook) -> list[str]:
    if book.published_at is not None:
        return [f"{book} is published already."]
    priced = set(book.unit_prices.values_list("unit_type", flat=True))
    problems = [
        f"No price for units of type {kind}." for kind in UnitType.values if kind not in priced
    ]
    current = current_book()
    if current is not None and current.version >= book.version:
        problems.append(f"{current} is in force and newer; draft a new version from it.")
    return problems
