"""A workspace with a saved card, and what its clock and its buyers do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
import stripe
from django.db import transaction
from django.utils import timezone

from billing import credits, tasks
from billing.amounts import to_micro
from billing.models import Hold, TopUp, TopUpRule
from tests.billing.conftest import Shop
from tests.conftest import Person
from tests.queue import drain_queue

# "small" is 100 credits for $18.00.
RULE = {"threshold": "50", "pack": "small usd", "monthly_cap": "100"}


@dataclass
class Fleet:
    """One workspace with its automatic top-up."""

    person: Person
    shop: Shop

    @property
    def stripe(self) -> Any:
        return stripe.StripeClient("sk_test_x", base_addresses={"api": self.shop.sandbox.url}).v1

    def save_card(self, card: str = "pm_card_visa") -> str:
        """Agree, enter the card, and come back; the page that one comes back to."""
        answer = self.person.browser.post("/credits/top-up/card/", {"agreed": "yes"})
        assert answer.status_code == 302, answer.content
        left = requests.post(
            f"{answer['Location']}/pay", data={"card": card}, allow_redirects=False, timeout=10
        )
        path = left.headers["Location"].removeprefix(self.shop.product)
        return str(self.person.browser.get(path, follow=True).content.decode())

    def order(self, **values: str) -> Any:
        return self.person.browser.post("/credits/top-up/", {**RULE, **values})

    def spend(self, amount: str) -> None:
        with transaction.atomic():
            hold = credits.hold(
                workspace=self.person.workspace,
                amount=to_micro(amount),
                key=f"job:{Hold.objects.count()}",
            )
            credits.settle(hold=hold, amount=to_micro(amount))

    def tick(self) -> None:
        """The clock looks, and what it rings is done."""
        tasks.top_up()
        drain_queue()

    def wait(self) -> None:
        """Until the rule may buy again."""
        TopUpRule.objects.update(next_at=timezone.now() - timedelta(seconds=1))

    def sweep(self) -> None:
        TopUp.objects.update(looked_at=timezone.now() - timedelta(hours=1))
        tasks.sweep()
        drain_queue(due_only=False)

    def intents(self) -> list[Any]:
        return list(self.stripe.payment_intents.list({"limit": 100}).data)

    def charged(self) -> int:
        """Cents that were really taken."""
        return sum(one.amount_received for one in self.intents())

    def events(self) -> None:
        self.shop.deliver()
        drain_queue()


def set_up(person: Person, shop: Shop, card: str = "pm_card_visa", **rule: str) -> Fleet:
    fleet = Fleet(person, shop)
    assert "is saved" in fleet.save_card(card)
    assert fleet.order(**rule).status_code == 302
    return fleet
