"""What a request costs: provider units times the price book in force, rounded up at the micro."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from billing.amounts import EXACT, MAX_MICRO, round_up
from billing.errors import NotPriced
from billing.models import Margin, PriceBook, UnitPrice

__all__ = ["NotPriced", "Price", "current_book", "price"]


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
    unit_price = UnitPrice.objects.filter(book=book, unit_type=unit_type).first()
    if book is None or unit_price is None:
        raise NotPriced(unit_type)
    rate = cost(_factor(book, operation=operation, model=model), rate=unit_price.credits)
    total = cost(units, rate=rate)
    if total > MAX_MICRO:
        raise ValueError(f"{units} units are beyond any price.")
    return Price(book_id=book.pk, credits=total, rate=rate)


def cost(units: Decimal, *, rate: int) -> int:
    """Micro-credits of so many units at a frozen rate: the rule of quotes and of settlements."""
    return round_up(EXACT.multiply(units, Decimal(rate)))


def _factor(book: PriceBook, *, operation: str, model: str) -> Decimal:
    """The closest margin: operation and model, then operation, then model, then any."""
    margins = {
        (row.operation, row.model): row.factor
        for row in Margin.objects.filter(
            Q(operation__in=[operation, ""]), Q(model__in=[model, ""]), book=book
        )
    }
    for match in ((operation, model), (operation, ""), ("", model), ("", "")):
        if match in margins:
            return margins[match]
    return Decimal(1)
