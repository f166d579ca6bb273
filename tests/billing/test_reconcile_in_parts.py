"""The daily comparison with Stripe gets through a big account: in parts, from where it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from billing import reconciling, tasks
from billing.models import Order, Reconciliation
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance
from tests.billing.test_reconcile_stripe import forget_events
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


@pytest.fixture
def three_paid(ada: Person, shop: Shop) -> None:
    """Three orders of 100 credits each, whose events got lost."""
    for _ in range(3):
        page = ada.browser.post("/credits/buy/small/")["Location"]
        assert shop.press(page, "pay").status_code == 303
    forget_events(shop)


def paid() -> list[int]:
    return list(Order.objects.filter(state="paid").order_by("pk").values_list("pk", flat=True))


@pytest.mark.usefixtures("three_paid")
def test_it_hands_back_when_its_time_is_over_and_goes_on_from_there(ada: Person) -> None:
    row, parts = reconciling.begin(), 0
    places = []
    while row.finished_at is None:
        reconciling.go_on(row, seconds=0)
        row.refresh_from_db()
        places.append((row.step, row.after))
        parts += 1
        if parts <= 3:
            assert len(paid()) == parts
    assert balance(ada) == 400
    assert len(set(places[:-1])) == len(places) - 1
    assert {step for step, _ in places} == {"sessions", "invoices", "balance_transactions"}


@pytest.mark.usefixtures("three_paid")
def test_a_part_has_the_next_one_done(ada: Person) -> None:
    reconciling.go_on(reconciling.begin(), seconds=0)
    assert len(paid()) == 1
    drain_queue()
    assert balance(ada) == 400
    assert Reconciliation.objects.get().finished_at is not None


@pytest.mark.usefixtures("three_paid")
def test_what_was_left_alone_is_taken_up(ada: Person, shop: Shop, settings: Any) -> None:
    row = reconciling.begin()
    settings.STRIPE_API_BASE, answering = "http://127.0.0.1:9", settings.STRIPE_API_BASE
    tasks.go_on_reconciling(row.pk)
    assert (len(paid()), drain_queue()) == (0, 0)
    settings.STRIPE_API_BASE = answering
    tasks.sweep()
    assert Reconciliation.objects.get().finished_at is None
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
        tasks.sweep()
        drain_queue()
    assert Reconciliation.objects.get().finished_at is not None
    assert balance(ada) == 400


def test_one_comparison_at_a_time_but_none_for_ever(shop: Shop) -> None:
    first = reconciling.begin()
    assert reconciling.begin() == first
    with time_machine.travel(timezone.now() + timedelta(days=4), tick=True):
        second = reconciling.begin()
    assert second != first
    first.refresh_from_db()
    assert first.finished_at is not None


def test_a_finished_one_is_not_begun_again(ada: Person, shop: Shop, order: Order) -> None:
    tasks.reconcile()
    done = Reconciliation.objects.get()
    tasks.go_on_reconciling(done.pk)
    assert Reconciliation.objects.get().worked_at == done.worked_at
    tasks.reconcile()
    assert Reconciliation.objects.count() == 2
