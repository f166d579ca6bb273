"""A workspace that subscribes, and the months that pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
import stripe

from billing.amounts import to_micro
from billing.models import Subscription, SubscriptionPlan
from billing.sandbox import clock
from billing.sandbox.account import Account
from billing.subscriptions import plans
from tests.billing.conftest import Shop
from tests.conftest import Person
from tests.queue import drain_queue

DAY = 24 * 3600


def make_plan(slug: str = "studio", **terms: Any) -> SubscriptionPlan:
    """On sale: 100 credits a month for $29.00, unless `terms` say otherwise."""
    values = {"name": slug.title(), "credits": to_micro(100), "amount": 2900, **terms}
    plan = SubscriptionPlan.objects.create(slug=slug, **values)
    return plans.put_on_sale(plan)


@dataclass
class Subscriber:
    person: Person
    shop: Shop

    @property
    def stripe(self) -> Any:
        return stripe.StripeClient("sk_test_x", base_addresses={"api": self.shop.sandbox.url}).v1

    @property
    def row(self) -> Subscription:
        return Subscription.objects.order_by("-pk").get(workspace=self.person.workspace)

    def start(self, slug: str = "studio") -> str:
        """Stripe's page."""
        answer = self.person.browser.post(f"/credits/subscription/{slug}/")
        assert answer.status_code == 302
        return str(answer["Location"])

    def subscribe(self, slug: str = "studio", card: str = "pm_card_visa") -> str:
        """The page that the buyer comes back to."""
        page = self.start(slug)
        answer = requests.post(
            f"{page}/pay", data={"card": card}, allow_redirects=False, timeout=10
        )
        assert answer.status_code == 303, answer.text
        path = answer.headers["Location"].removeprefix(self.shop.product)
        return str(self.person.browser.get(path).content.decode())

    def page(self) -> str:
        return str(self.person.browser.get("/credits/subscription/").content.decode())

    def portal(self, action: str) -> None:
        """Press a button of the portal that is about the subscription."""
        answer = self.person.browser.post("/credits/portal/", {"back": "subscription"})
        form = {"subscription": self.row.stripe_id}
        pressed = requests.post(f"{answer['Location']}/{action}", data=form, timeout=10)
        assert pressed.ok

    def months(self, count: int = 1) -> None:
        clock.advance(Account(self.shop.sandbox.store), count * 31 * DAY)

    def events(self) -> list[str]:
        taken = self.shop.deliver()
        drain_queue()
        return taken

    def invoices(self) -> list[Any]:
        """Oldest first."""
        return list(self.stripe.invoices.list({"subscription": self.row.stripe_id}).data)[::-1]
