"""What a request costs: provider units times the price book in force, rounded up at the micro."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from accounts.fixed_query import FixedQuery
from billing.amounts import EXACT, MAX_MICRO, round_up
from billing.errors import InvalidPriceBook, NotPriced
from billing.models import Margin, OperationRate, PriceBook, UnitPrice
from billing.models.prices import UnitType

__all__ = [
    "Content",
    "NotPriced",
    "Price",
    "content",
    "cost",
    "current_book",
    "draft_from",
    "price",
    "problems",
    "publish",
    "rates",
]


@dataclass(frozen=True)
class Price:
    """A price to freeze into a job: `credits` for all, `rate` for one unit (both micro)."""

    book_id: int
    credits: int
    rate: int


def begun_books() -> QuerySet[PriceBook]:
    """Published books whose time has come, the one in force first."""
    has_begun = Q(valid_from=None) | Q(valid_from__lte=timezone.now())
    published = PriceBook.objects.filter(has_begun, published_at__isnull=False)
    return published.order_by("-version")


_CURRENT_BOOK = FixedQuery(lambda: begun_books()[:1])


def current_book() -> PriceBook | None:
    return _CURRENT_BOOK.first(connection.ops.adapt_datetimefield_value(timezone.now()))


def price(*, operation: str, model: str, units: Decimal, unit_type: str) -> Price:
    """Raises NotPriced if the book in force has no price for the unit type."""
    if not units.is_finite() or units < 0:
        raise ValueError(f"{units} is not a number of units.")
    book = current_book()
    if book is None:
        raise NotPriced(unit_type)
    rate = _content(book.pk, book.published_at).rate(operation, model, unit_type)
    total = cost(units, rate=rate)
    if total > MAX_MICRO:
        raise ValueError(f"{units} units are beyond any price.")
    return Price(book_id=book.pk, credits=total, rate=rate)


def rates() -> dict[str, Decimal]:
    """Units by operation, of those that the operator has to price, in the book in force."""
    book = current_book()
    return {} if book is None else dict(_content(book.pk, book.published_at).rates)


@dataclass(frozen=True)
class Content:
    """What stands in a book, published or not. `rates` are units, by operation."""

    unit_prices: dict[str, int]
    margins: dict[tuple[str, str], Decimal]
    rates: dict[str, Decimal]

    def factor(self, operation: str, model: str) -> Decimal:
        """The closest margin: operation and model, then operation, then model, then any."""
        for match in ((operation, model), (operation, ""), ("", model), ("", "")):
            if match in self.margins:
                return self.margins[match]
        return Decimal(1)

    def rate(self, operation: str, model: str, unit_type: str) -> int:
        """Micro-credits for one unit, margin included. Raises NotPriced."""
        if unit_type not in self.unit_prices:
            raise NotPriced(unit_type)
        return cost(self.factor(operation, model), rate=self.unit_prices[unit_type])


@lru_cache(maxsize=8)
def _content(book_id: int, published_at: datetime) -> Content:  # noqa: ARG001  part of the key
    """A published book never changes again, so each process reads it once."""
    return content(book_id)


def content(book_id: int) -> Content:
    prices = UnitPrice.objects.filter(book=book_id).values_list("unit_type", "credits")
    margins = Margin.objects.filter(book=book_id).values_list("operation", "model", "factor")
    rates = OperationRate.objects.filter(book=book_id).values_list("operation", "units")
    return Content(
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
    if found := problems(row):
        raise InvalidPriceBook(found)
    row.published_at = timezone.now()
    row.save(update_fields=["published_at"])
    return row


def problems(book: PriceBook) -> list[str]:
    """Why it must not be published."""
    if book.published_at is not None:
        return [f"{book} is published already."]
    priced = set(book.unit_prices.values_list("unit_type", flat=True))
    found = [
        f"No price for units of type {kind}." for kind in UnitType.values if kind not in priced
    ]
    newest = PriceBook.objects.filter(published_at__isnull=False).order_by("-version").first()
    if newest is not None and newest.version >= book.version:
        found.append(f"{newest} is published and newer; draft a new version from it.")
    return found
