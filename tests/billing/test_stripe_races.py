"""Events and looks at Stripe at the same moment. Each race has a control that shows it."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from billing import credits, orders
from billing.amounts import to_micro
from billing.models import Dispute, Entry, Order, StripeEvent
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_money_back import hear
from tests.billing.test_purchase import balance
from tests.billing.test_races import kinds, together
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]

THREADS = 8


def test_an_event_that_arrives_twice_at_once_is_stored_and_worked_once(
    ada: Person, shop: Shop, order: Order
) -> None:
    event = shop.events()[-1]
    assert event["type"] == "checkout.session.completed"
    results = together([lambda: shop.send(event)] * THREADS)
    assert results == [True] * THREADS
    assert StripeEvent.objects.count() == 1
    together([drain_queue] * 2)
    assert balance(ada) == 200
    assert Entry.objects.filter(kind="purchase").count() == 1


def test_without_the_unique_row_it_would_be_stored_twice(db: None) -> None:
    """The control: all see that the event is new; only the key keeps them from storing it."""
    looked = threading.Barrier(THREADS)

    def look_then_store() -> StripeEvent:
        assert not StripeEvent.objects.filter(pk="evt_1").exists()
        looked.wait(timeout=20)
        return StripeEvent.objects.create(event_id="evt_1", type="x", payload={}, livemode=False)

    results = together([look_then_store] * THREADS)
    assert kinds(results) == {"IntegrityError": THREADS - 1, "StripeEvent": 1}
    assert any(isinstance(result, IntegrityError) for result in results)


def test_two_events_of_one_refund_take_it_back_once(ada: Person, shop: Shop, order: Order) -> None:
    hear(shop)
    Bank(shop.sandbox).refund(order, 900)
    results = together([lambda: orders.sync_order(order).clawed] * THREADS)
    assert results == [to_micro(50)] * THREADS
    assert Entry.objects.filter(kind="claw_back").count() == 1


def test_without_the_lock_a_refund_would_be_taken_back_twice(
    ada: Person, shop: Shop, order: Order
) -> None:
    """The control: who reads what has been taken back, and takes the rest afterwards."""
    hear(shop)
    Bank(shop.sandbox).refund(order, 900)
    read = threading.Barrier(2)
    number = iter(range(2))

    def read_then_take() -> None:
        missing = to_micro(50) - Order.objects.get(pk=order.pk).clawed
        read.wait(timeout=20)
        with transaction.atomic():
            credits.claw_back(
                workspace=ada.workspace,
                amount=missing,
                key=f"test:{next(number)}",
                note="",
                lot_key=f"order:{order.public_id}:purchase",
            )

    together([read_then_take] * 2)
    assert balance(ada) == 100  # both have taken the same 50


def test_events_of_many_kinds_at_once(ada: Person, shop: Shop, order: Order) -> None:
    """A payment, a refund and a dispute that was won, all told at the same moment."""
    bank = Bank(shop.sandbox)
    bank.refund(order, 900)
    dispute = bank.dispute(order, amount=900, reason="fraudulent")
    bank.close_dispute(dispute, won=True)
    events = shop.events()
    results = together([lambda event=event: shop.send(event) for event in events])  # type: ignore[misc]
    assert results == [True] * len(events)
    together([drain_queue] * 3)
    StripeEvent.objects.filter(state="new").update(due_at=timezone.now())
    drain_queue(due_only=False)
    order.refresh_from_db()
    assert (order.state, order.clawed, balance(ada)) == ("paid", to_micro(50), 150)
    assert Dispute.objects.get().status == "won"
    assert credits.balance(ada.workspace).frozen == ""
    connection.close()
