"""Purchases, refunds and disputes at random, their events lost, doubled, late and shuffled.

What every order must have in the end is worked out from the money alone, without the code that
is tested: the share of the credits whose payment stayed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from billing import credits, ledger, tasks
from billing.amounts import to_micro
from billing.errors import BillingError
from billing.models import Entry, Hold, Order, StripeEvent
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.conftest import Person, make_person
from tests.queue import drain_queue

pytestmark = pytest.mark.django_db(transaction=True)

SCENARIOS = 16
ORDERS = 3


@dataclass
class Truth:
    """What the money says of an order."""

    order: Order
    paid: bool = False
    lost: int = 0

    @property
    def clawed(self) -> int:
        share = Fraction(min(self.lost, self.order.amount), self.order.amount)
        return ceil(self.order.credits * share) if self.paid else 0


class Scenario:
    def __init__(self, shop: Shop, person: Person, seed: int) -> None:
        self.shop = shop
        self.person = person
        self.bank = Bank(shop.sandbox)
        self.random = random.Random(seed)
        self.told: set[str] = {event["id"] for event in shop.events()}

    def happens(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def buy(self) -> Truth:
        pack = self.random.choice(["small", "medium"])
        answer = self.person.browser.post(f"/credits/buy/{pack}/")
        truth = Truth(Order.objects.get(checkout_url=answer["Location"]))
        if self.happens(20):  # the answer was lost
            Order.objects.filter(pk=truth.order.pk).update(
                state="new", stripe_session_id=None, checkout_url=""
            )
        return truth

    def pay(self, truth: Truth) -> None:
        way = self.random.choice(["pay", "pay", "pay", "later", "cancel", "decline"])
        self.shop.press(truth.order.checkout_url, way)
        if way == "later":
            arrives = self.happens(70)
            self.shop.press(truth.order.checkout_url, "arrive" if arrives else "fail")
            truth.paid = arrives
        truth.paid = truth.paid or way == "pay"

    def reverse(self, truth: Truth) -> None:
        """Refunds, some of which fail; then perhaps a dispute over the rest."""
        for _ in range(self.random.choice([0, 0, 1, 2])):
            amount = self.random.randint(1, truth.order.amount // 3)
            refund = self.bank.refund(truth.order, amount)
            if self.happens(30):
                self.bank.finish_refund(refund, "failed")
            else:
                truth.lost += amount
        if self.happens(40):
            self._dispute(truth)

    def _dispute(self, truth: Truth) -> None:
        amount = truth.order.amount - truth.lost
        inquiry = self.happens(30)
        reason = self.random.choice(["fraudulent", "product_not_received"])
        dispute = self.bank.dispute(truth.order, amount=amount, reason=reason, inquiry=inquiry)
        closed, won = self.happens(60), self.happens(50)
        if closed:
            self.bank.close_dispute(dispute, won=won)
        if not inquiry and not (closed and won):
            truth.lost += amount

    def spend(self) -> None:
        amount = to_micro(self.random.randint(1, 150))
        key = f"job:{Hold.objects.count()}"
        try:
            with transaction.atomic():
                hold = credits.hold(workspace=self.person.workspace, amount=amount, key=key)
                if self.happens(70):
                    credits.settle(hold=hold, amount=self.random.randint(0, amount))
        except BillingError:
            pass  # without credits, in debt, or frozen

    def tell(self) -> None:
        """Some of what is new, in any order, some of it twice."""
        events = [event for event in self.shop.events() if event["id"] not in self.told]
        self.random.shuffle(events)
        for event in events:
            if self.happens(30):
                continue  # lost
            assert self.shop.send(event)
            self.told.add(event["id"])
            if self.happens(30):
                assert self.shop.send(event)
        if self.happens(60):
            drain_queue()

    def find_the_rest(self) -> None:
        """What was lost comes late, or never, and then sweep and reconciliation find it."""
        if self.happens(60):
            late = [event for event in self.shop.events() if event["id"] not in self.told]
            self.random.shuffle(late)
            for event in late:
                assert self.shop.send(event)
            drain_queue(due_only=False)
            return
        Order.objects.update(created_at=timezone.now() - timedelta(minutes=5))
        tasks.sweep()
        drain_queue(due_only=False)
        call_command("reconcile_stripe")
        drain_queue(due_only=False)


@pytest.mark.timeout(600)
def test_the_ledger_follows_the_money(shop: Shop, capsys: Any) -> None:
    for seed in range(SCENARIOS):
        buyer = make_person(f"buyer-{seed}@example.com", credits=str(50 * (seed % 3)))
        scenario = Scenario(shop, buyer, seed)
        truths = []
        for _ in range(ORDERS):
            truth = scenario.buy()
            scenario.pay(truth)
            scenario.tell()
            if truth.paid:
                scenario.reverse(truth)
            scenario.spend()
            scenario.tell()
            truths.append(truth)
        scenario.find_the_rest()
        for truth in truths:
            truth.order.refresh_from_db()
            found = (truth.order.state == "paid", truth.order.clawed)
            assert found == (truth.paid, truth.clawed), f"seed {seed}: {truth}"
        assert ledger.check().violations == []
    _nothing_more_happens(shop)


def _nothing_more_happens(shop: Shop) -> None:
    entries = Entry.objects.count()
    for event in shop.events():
        shop.send(event)
    StripeEvent.objects.update(state="new", attempts=0, due_at=timezone.now())
    tasks.sweep()
    drain_queue()
    call_command("reconcile_stripe")
    assert Entry.objects.count() == entries
