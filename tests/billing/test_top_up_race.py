"""Many workers that see one crossing. The control shows what happens without the lock."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, transaction

from billing import packs, tasks
from billing.errors import PaymentUnavailable
from billing.models import Order, SavedCard, TopUp, TopUpRule
from billing.top_ups import charging, due
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance
from tests.billing.test_races import kinds, together
from tests.billing.top_ups import Fleet, set_up
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]

WORKERS = 6


@pytest.fixture
def fleet(ada: Person, shop: Shop) -> Fleet:
    fleet = set_up(ada, shop)
    fleet.spend("60")
    return fleet


def test_workers_at_once_begin_one(fleet: Fleet) -> None:
    rule = TopUpRule.objects.get()
    results = together([lambda: due.begin(rule)] * WORKERS)
    assert kinds(results) == {"NoneType": WORKERS - 1, "TopUp": 1}
    drain_queue()
    assert fleet.charged() == 1800


def test_who_comes_late_finds_the_credits_that_came(fleet: Fleet) -> None:
    """It has seen the crossing, and waits for the lock while another one buys and is paid."""
    rule = TopUpRule.objects.get()
    assert due.due().filter(pk=rule.pk).exists()
    tasks.top_up()
    drain_queue()
    TopUpRule.objects.update(next_at=rule.next_at)
    assert due.begin(rule) is None
    assert fleet.charged() == 1800


def test_workers_at_once_charge_once(fleet: Fleet, ada: Person) -> None:
    due.begin_all()
    top_up = TopUp.objects.get()
    results = together([lambda: charging.proceed(top_up).state] * WORKERS)
    # Stripe refuses a key that is in use at that moment; or all are too many at once.
    others = [one for one in results if one not in ("paid", "charging")]
    assert all(isinstance(one, PaymentUnavailable) for one in others), others
    fleet.sweep()
    assert (fleet.charged(), len(fleet.intents()), balance(ada)) == (1800, 1, 140)


def test_who_looks_before_the_lock_buys_twice(fleet: Fleet) -> None:
    """The control: both have seen the crossing, the first one buys and is paid, and the second
    one, which does not look again, buys once more."""
    rule, card = TopUpRule.objects.get(), SavedCard.objects.get()
    looked = [due.due().filter(pk=rule.pk).exists() for _ in range(2)]
    assert looked == [True, True]
    for _ in looked:
        _begin_without_looking(rule, card)
        drain_queue()
    assert fleet.charged() == 3600


def test_the_database_lets_nobody_have_two_open(fleet: Fleet) -> None:
    """The control: all see that there is none, and all but one are stopped by the constraint."""
    rule, card = TopUpRule.objects.get(), SavedCard.objects.get()
    looked = threading.Barrier(WORKERS)

    def look_then_begin() -> TopUp:
        assert not TopUp.objects.exists()
        looked.wait(timeout=20)
        return _begin_without_looking(rule, card)

    results = together([look_then_begin] * WORKERS)
    assert kinds(results) == {"IntegrityError": WORKERS - 1, "TopUp": 1}
    assert any(isinstance(result, IntegrityError) for result in results)
    assert Order.objects.count() == 1


@transaction.atomic
def _begin_without_looking(rule: TopUpRule, card: SavedCard) -> TopUp:
    pack = packs.on_sale(rule.pack)
    return due.write(rule, card, pack, packs.price_in(pack, rule.currency))
