"""Where Stripe is: our sandbox, or Stripe's own test mode. The same scenario runs at both."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import stripe
from playwright.sync_api import Page, sync_playwright

from accounts.models import Workspace
from billing.models import Customer
from tests.billing.conftest import Shop

DAY = 24 * 3600
VISA = "4242424242424242"
DECLINED = "4000000000000002"


class World(ABC):
    """What only the outside can do."""

    @property
    @abstractmethod
    def stripe(self) -> Any:
        """Its API, by the real library."""

    @abstractmethod
    def pay(self, page: str) -> None:
        """Pay by a good card on a page of Checkout."""

    @abstractmethod
    def customer(self, workspace: Workspace) -> None:
        """Let the workspace have a customer whose time can be set forward."""

    @abstractmethod
    def advance(self, days: int) -> None:
        """Set it forward."""

    def eventually(self, is_true: Callable[[], bool]) -> None:
        """Stripe takes its time."""
        end = time.monotonic() + 120
        while not is_true():
            assert time.monotonic() < end, "Stripe has not done it in time"
            threading.Event().wait(3)


class Sandbox(World):
    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    @property
    def stripe(self) -> Any:
        return stripe.StripeClient("sk_test_x", base_addresses={"api": self.shop.sandbox.url}).v1

    def pay(self, page: str) -> None:
        assert self.shop.press(page, "pay").status_code == 303

    def customer(self, workspace: Workspace) -> None:
        pass  # Of the sandbox's whole world there is one time.

    def advance(self, days: int) -> None:
        self.shop.control("clock/advance", days=days)


class StripeItself(World):
    def __init__(self, key: str, site: str) -> None:
        self.key = key
        self.site = site
        self.clock = ""

    @property
    def stripe(self) -> Any:
        return stripe.StripeClient(self.key).v1

    def pay(self, page: str) -> None:
        with checkout_page(self.site) as browser_page:
            browser_page.goto(page)
            enter(browser_page, VISA)
            browser_page.wait_for_url(f"{self.site}/**")

    def customer(self, workspace: Workspace) -> None:
        self.clock = self.stripe.test_helpers.test_clocks.create(
            {"frozen_time": int(time.time())}
        ).id
        made = self.stripe.customers.create({"email": "ada@example.com", "test_clock": self.clock})
        Customer.objects.create(workspace=workspace, livemode=False, stripe_id=made.id)

    def advance(self, days: int) -> None:
        clocks = self.stripe.test_helpers.test_clocks
        now = clocks.retrieve(self.clock).frozen_time
        clocks.advance(self.clock, {"frozen_time": now + days * DAY})
        self.eventually(lambda: clocks.retrieve(self.clock).status == "ready")


@contextmanager
def checkout_page(site: str) -> Iterator[Page]:
    """A browser whose way back to the product ends at once: there is none at that address."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page()
        page.route(f"{site}/**", lambda route: route.fulfill(body="Back at the shop."))
        yield page
        browser.close()


def enter(page: Page, card: str) -> None:
    page.fill("#cardNumber", card)
    page.fill("#cardExpiry", "12 / 40")
    page.fill("#cardCvc", "123")
    page.fill("#billingName", "Ada Lovelace")
    page.click("[data-testid=hosted-payment-submit-button]")
