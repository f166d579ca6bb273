"""Publishing against an operator who changes the same draft at that moment, on real row locks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, connections, transaction

from billing import comparison, guards, prices
from billing.guards import postgresql
from billing.models import Margin, PriceBook, UnitPrice
from tests.accounts.test_members_race import wait_until_blocked

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
Change = Callable[[PriceBook], object]

CHANGES: dict[str, Change] = {
    "a margin more": lambda book: Margin.objects.create(book=book, factor=Decimal(50)),
    "a higher price": lambda book: UnitPrice.objects.filter(book=book).update(credits=10**9),
    "a margin less": lambda book: Margin.objects.filter(book=book).delete(),
}


@pytest.fixture
def draft(transactional_db: None) -> PriceBook:
    book = prices.draft_from(PriceBook.objects.get())
    Margin.objects.create(book=book, operation="avatar", factor=Decimal(2))
    return book


def publish_while(change: Change, draft: PriceBook) -> BaseException | None:
    """Publish, and before that is committed have somebody else make `change`; what it raised."""

    def change_elsewhere() -> object:
        try:
            return change(draft)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            digest = comparison.compare(draft).digest
            comparison.publish_as_compared(draft, digest=digest)
            other = pool.submit(change_elsewhere)
            wait_until_blocked(other)  # type: ignore[arg-type]
        return other.exception(timeout=20)


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_slips_into_a_book_that_is_being_published(draft: PriceBook, change: str) -> None:
    compared = prices.content(draft.pk)
    refused = publish_while(CHANGES[change], draft)
    assert isinstance(refused, IntegrityError)
    assert "a published price book is frozen" in str(refused)
    assert prices.current_book() == draft
    assert prices.content(draft.pk) == compared


@pytest.mark.parametrize("change", CHANGES)
def test_without_the_lock_it_would(draft: PriceBook, change: str) -> None:
    """The control: the guards look at the book, and do not hold it."""
    with connection.cursor() as cursor:
        for name in ("billing_margin_frozen", "billing_unitprice_frozen"):
            body = postgresql.wanted()[name].replace("FOR SHARE", "")
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
                f"AS $guard${body}$guard$"
            )
    try:
        compared = prices.content(draft.pk)
        assert publish_while(CHANGES[change], draft) is None
        assert prices.current_book() == draft
        assert prices.content(draft.pk) != compared
    finally:
        guards.install(connection)


def test_a_change_that_came_first_is_seen(draft: PriceBook) -> None:
    """Whoever publishes waits for it, and compares with it."""
    digest = comparison.compare(draft).digest

    def publish() -> PriceBook:
        try:
            return comparison.publish_as_compared(draft, digest=digest)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        with transaction.atomic():
            CHANGES["a higher price"](draft)
            other = pool.submit(publish)
            wait_until_blocked(other)  # type: ignore[arg-type]
        with pytest.raises(prices.InvalidPriceBook, match="changed meanwhile"):
            other.result(timeout=20)
    draft.refresh_from_db()
    assert draft.published_at is None
