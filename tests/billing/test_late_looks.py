"""Two looks at Stripe at the same time: the one that began earlier may be written down later."""

from __future__ import annotations

import pytest

from billing import facts, orders
from billing.amounts import to_micro
from billing.models import Order
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_money_back import hear
from tests.conftest import Person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


def test_a_look_that_is_out_of_date_is_not_written_down(
    ada: Person, shop: Shop, order: Order
) -> None:
    """One worker looks before a dispute and is slow; another looks after it and is quick."""
    hear(shop)
    bank = Bank(shop.sandbox)
    order.refresh_from_db()
    assert order.stripe_session_id is not None
    before = facts.fetch(order.stripe_session_id)
    bank.dispute(order, amount=900)
    assert orders.sync_order(order).clawed == to_micro(50)
    assert orders.record(order, before, syncs=order.syncs) is None
    order.refresh_from_db()
    assert order.clawed == to_micro(50)


def test_without_the_count_it_would_undo_the_newer_one(
    ada: Person, shop: Shop, order: Order
) -> None:
    """The control: the same late look, taken for the newest one."""
    hear(shop)
    order.refresh_from_db()
    assert order.stripe_session_id is not None
    before = facts.fetch(order.stripe_session_id)
    Bank(shop.sandbox).dispute(order, amount=900)
    newer = orders.sync_order(order)
    undone = orders.record(order, before, syncs=newer.syncs)
    assert undone is not None
    assert undone.clawed == 0
    assert orders.sync_order(order).clawed == to_micro(50)


def test_one_that_saw_the_same_need_not_ask_again(ada: Person, shop: Shop, order: Order) -> None:
    hear(shop)
    order.refresh_from_db()
    assert order.stripe_session_id is not None
    same = facts.fetch(order.stripe_session_id)
    orders.sync_order(order)
    row = orders.record(order, same, syncs=order.syncs)
    assert row is not None
    assert row.state == "paid"
