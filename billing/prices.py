"""What a request costs: provider units times the price book in force, rounded up at the micro."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from billing.amounts import EXACT, MAX_MICRO, round_up
from billing.errors import InvalidPriceBook, NotPriced
from billing.models import Margin, PriceBook, UnitPrice
from billing.models.prices import UnitType

__all__ = ["NotPriced", "Price", "cost", "current_book", "draft_from", "price", "publish"]


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
