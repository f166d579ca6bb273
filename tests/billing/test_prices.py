"""The price book: what a request costs, and how a new book comes into force."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing import prices
from billing.amounts import to_micro
from billing.errors import InvalidPriceBook, NotPriced
from billing.models import Margin, PriceBook

pytestmark = pytest.mark.django_db


def price(units: str, unit_type: str = "video", **request: str) -> prices.Price:
    named = {"operation": "text-to-video", "model": "kling-v3", **request}
    return prices.price(units=Decimal(units), unit_type=unit_type, **named)


@pytest.fixture
def draft() -> PriceBook:
    current = prices.current_book()
    assert current is not None
    return prices.draft_from(current)


@pytest.mark.parametrize(
    ("units", "unit_type", "credits"),
    [
        ("6", "video", "6"),
        ("3.5", "video", "3.5"),
        ("1", "image", "0.025"),
        ("1", "try-on", "0.5"),
        ("0", "video", "0"),
        ("0.00000001", "video", "0.000001"),
    ],
)
def test_it_prices_by_the_first_book(units: str, unit_type: str, credits: str) -> None:
    assert price(units, unit_type).credits == to_micro(credits)


def test_it_names_the_book_and_the_rate_to_freeze() -> None:
    found = price("6")
    book = prices.current_book()
    assert book is not None
    assert (found.book_id, found.rate) == (book.pk, to_micro(1))
    assert prices.cost(Decimal("0.3"), rate=found.rate) == to_micro("0.3")


@pytest.mark.parametrize("units", ["-1", "NaN", "Infinity", "1e30"])
def test_it_refuses_absurd_units(units: str) -> None:
    with pytest.raises(ValueError):
        price(units)


def test_it_refuses_what_has_no_price() -> None:
    with pytest.raises(NotPriced):
        price("1", "song")


def test_a_draft_changes_no_price(draft: PriceBook) -> None:
    draft.unit_prices.filter(unit_type="video").update(credits=to_micro(9))
    assert price("1").credits == to_micro(1)


def test_a_published_draft_is_in_force(draft: PriceBook) -> None:
    draft.unit_prices.filter(unit_type="video").update(credits=to_micro("1.5"))
    prices.publish(draft)
    assert (price("2").credits, price("2").book_id) == (to_micro(3), draft.pk)


def test_the_closest_margin_wins(draft: PriceBook) -> None:
    for operation, model, factor in (
        ("", "", "1.1"),
        ("", "kling-v3", "1.2"),
        ("text-to-video", "", "1.3"),
        ("text-to-video", "kling-v3", "1.4"),
    ):
        Margin.objects.create(book=draft, operation=operation, model=model, factor=Decimal(factor))
    prices.publish(draft)
    asked = [
        {"operation": "image", "model": "kling-v1"},
        {"operation": "image", "model": "kling-v3"},
        {"operation": "text-to-video", "model": "kling-v1"},
        {"operation": "text-to-video", "model": "kling-v3"},
    ]
    charged = [price("10", **request).credits for request in asked]
    assert charged == [to_micro(n) for n in (11, 12, 13, 14)]


def test_it_refuses_to_publish_a_book_with_gaps(draft: PriceBook) -> None:
    draft.unit_prices.filter(unit_type="image").delete()
    with pytest.raises(InvalidPriceBook) as refused:
        prices.publish(draft)
    assert refused.value.problems == ["No price for units of type image."]
    assert price("1", "image").credits == to_micro("0.025")


def test_it_refuses_to_publish_twice(draft: PriceBook) -> None:
    prices.publish(draft)
    with pytest.raises(InvalidPriceBook):
        prices.publish(draft)


def test_it_refuses_to_publish_behind_the_current_book(draft: PriceBook) -> None:
    newer = prices.draft_from(draft)
    prices.publish(newer)
    with pytest.raises(InvalidPriceBook):
        prices.publish(draft)


@pytest.mark.parametrize("credits", [0, -1, 10**12 + 1])
def test_it_refuses_a_poisonous_unit_price(draft: PriceBook, credits: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.unit_prices.filter(unit_type="video").update(credits=credits)


@pytest.mark.parametrize("factor", ["0", "-1", "1000.0001"])
def test_it_refuses_a_poisonous_margin(draft: PriceBook, factor: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Margin.objects.create(book=draft, factor=Decimal(factor))
