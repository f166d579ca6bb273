"""Journeys of money that moves by itself: automatic top-up, and the month of a subscription."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import requests
from django.conf import settings
from django.db import transaction

from billing import credits, stripe_client, tasks
from billing.amounts import to_micro, to_text
from billing.models import Customer, Subscription, SubscriptionPlan, TopUp
from tests.billing.subscribers import make_plan
from tests.billing.top_ups import RULE
from tests.kills.buying import Purchase, restart, take_in

PLAN = "studio"


class AutomaticTopUp(Purchase):
    """The credits run low, and the saved card is charged."""

    kind = "top-up"
    start_credits = "100"
    card: ClassVar[str] = "pm_card_visa"

    def prepare(self) -> None:
        super().prepare()
        page = self.browser.post("/credits/top-up/card/", {"agreed": "yes"})["Location"]
        _come_back(self.browser, page, self.card)
        assert self.browser.post("/credits/top-up/", RULE).status_code == 302
        with transaction.atomic():
            hold = credits.hold(workspace=self.workspace, amount=to_micro(60), key=self.name)
            credits.settle(hold=hold, amount=to_micro(60))

    def go(self) -> None:
        tasks.top_up()
        for top_up in self.top_ups:
            tasks.charge_top_up(top_up.pk)

    def recover(self) -> None:
        tasks.top_up()  # the clock looks again, whatever there is
        restart()
        self._stop()

    def facts(self) -> dict[str, Any]:
        known = Customer.objects.get(workspace=self.workspace).stripe_id
        made = stripe_client.client().v1.payment_intents.list({"customer": str(known)}).data
        return {
            **super().facts(),
            "top-ups": [top_up.state for top_up in self.top_ups],
            "taken": sum(intent.amount_received for intent in made),
        }

    @property
    def top_ups(self) -> list[TopUp]:
        return list(TopUp.objects.filter(workspace=self.workspace))

    def _stop(self) -> None:
        """Else the clock of the next one would find this one due, too."""
        self.sign_in().post("/credits/top-up/off/")


class DeclinedTopUp(AutomaticTopUp):
    """The card refuses."""

    kind = "declined-top-up"
    card = "pm_card_chargeCustomerFail"

    def recover(self) -> None:
        restart()
        if not self.top_ups:
            tasks.top_up()  # nothing was written down; else the clock waits after a decline
            restart()
        self._stop()


class Month(Purchase):
    """Stripe tells that a month of the subscription is paid."""

    kind = "month"
    event = "invoice.paid"

    def prepare(self) -> None:
        super().prepare()
        if not SubscriptionPlan.objects.filter(slug=PLAN).exists():
            make_plan(PLAN)
        page = self.browser.post(f"/credits/subscription/{PLAN}/")["Location"]
        _come_back(self.browser, page, "pm_card_visa")
        assert Subscription.objects.get(workspace=self.workspace).status == "active"
        self.told = self._events(self.event)
        assert len(self.told) == 1

    def go(self) -> None:
        take_in(self.told)

    def recover(self) -> None:
        self._hear(self.event)
        self._hear(self.event)
        restart()

    def facts(self) -> dict[str, Any]:
        [order] = self.orders
        grants = order.subscription_grants.values_list("credits", flat=True)
        return {
            **super().facts(),
            "months": self._entries("subscription"),
            "grants": [to_text(amount) for amount in grants],
        }

    def _events(self, kind: str) -> list[dict[str, Any]]:
        customer = Customer.objects.get(workspace=self.workspace).stripe_id
        found = stripe_client.client().v1.events.list({"type": kind, "limit": 30})
        events = [json.loads(str(event)) for event in found.data]
        return [event for event in events if event["data"]["object"]["customer"] == customer]


def _come_back(browser: Any, page: str, card: str) -> None:
    """Pay on Stripe's page, and follow it back to the product."""
    left = requests.post(f"{page}/pay", data={"card": card}, allow_redirects=False, timeout=10)
    assert left.status_code == 303, left.text
    path = left.headers["Location"].removeprefix(settings.SITE_URL)
    assert browser.get(path, follow=True).status_code == 200
