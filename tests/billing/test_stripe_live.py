"""The same purchases at Stripe itself, in test mode.

    STRIPE_TEST_KEY=sk_test_… pytest -m stripe_live

Chromium pays on Stripe's page with Stripe's test cards. No event reaches a machine behind a router,
so what happened is found as the sweep finds it: by asking.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from billing import checkout, credits, ledger, orders, refunds, stripe_reconciliation
from billing.amounts import to_micro
from billing.models import Customer, Order
from tests.billing.worlds import DECLINED, VISA, checkout_page, enter
from tests.conftest import Person

SITE = "https://studio.example.com"
KEY = os.environ.get("STRIPE_TEST_KEY", "")

LIVE = [
    pytest.mark.stripe_live,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not KEY.startswith(("sk_test_", "rk_test_")),
        reason="STRIPE_TEST_KEY is not set to a key of Stripe's test mode",
    ),
]
pytestmark = [*LIVE, pytest.mark.django_db(transaction=True)]

# https://docs.stripe.com/testing
DISPUTED = "4000000000000259"
REFUND_FAILS = "4000000000005126"


def use_test_mode(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_not_used"]
    settings.STRIPE_API_BASE = ""
    settings.SITE_URL = SITE
    settings.TIMER_SCALE = 1


@pytest.fixture(autouse=True)
def _live_settings(settings: Any) -> Iterator[None]:
    use_test_mode(settings)
    yield
    assert ledger.check().violations == []


@pytest.fixture
def pay() -> Iterator[Callable[..., None]]:
    """Types a card into Stripe's page, and waits until it has sent the buyer back."""
    with checkout_page(SITE) as page:

        def pay(order: Order, card: str = VISA) -> None:
            page.goto(order.checkout_url)
            enter(page, card)
            if card == DECLINED:
                page.wait_for_selector("text=declined")
            else:
                page.wait_for_url(f"{SITE}/**")

        yield pay


def buy(person: Person) -> Order:
    answer = person.browser.post("/credits/buy/small/")
    return Order.objects.get(checkout_url=answer["Location"])


def eventually(order: Order, is_true: Callable[[Order], bool]) -> Order:
    """Stripe takes its time to dispute a payment, or to fail a refund."""
    end = time.monotonic() + 120
    while not is_true(now := orders.sync_order(order)):
        assert time.monotonic() < end, f"{now.state}, lost {now.lost}"
        threading.Event().wait(3)
    return now


def test_a_purchase_is_credited_refunded_and_reconciled(
    ada: Person, admin_user: Any, pay: Callable[..., None]
) -> None:
    order = buy(ada)
    assert orders.sync_order(order).state == "open"
    pay(order)
    order = orders.sync_order(order)
    assert (order.state, order.amount_total) == ("paid", 1800)
    refund = refunds.request(order=order, amount=450, key="a" * 32, reason="", by=admin_user)
    assert refunds.send(refund).status in ("succeeded", "pending")
    assert orders.sync_order(order).clawed == to_micro(25)
    report = stripe_reconciliation.reconcile()
    assert order.public_id not in [one["id"] for one in report.decide]


def test_a_declined_card_leaves_the_order_open(ada: Person, pay: Callable[..., None]) -> None:
    order = buy(ada)
    pay(order, DECLINED)
    assert orders.sync_order(order).state == "open"


def test_a_cancelled_order_is_expired(ada: Person) -> None:
    assert checkout.cancel(buy(ada)).state == "expired"


def test_fraud_takes_the_credits_and_freezes(ada: Person, pay: Callable[..., None]) -> None:
    order = buy(ada)
    pay(order, DISPUTED)
    now = eventually(order, lambda order: order.lost > 0)
    assert now.clawed == now.credits
    assert credits.balance(ada.workspace).frozen


def test_a_failed_refund_gives_the_credits_back(
    ada: Person, admin_user: Any, pay: Callable[..., None]
) -> None:
    order = buy(ada)
    pay(order, REFUND_FAILS)
    order = orders.sync_order(order)
    refund = refunds.request(order=order, amount=1800, key="b" * 32, reason="", by=admin_user)
    refunds.send(refund)
    eventually(order, lambda order: order.refunds.get().status == "failed")
    assert credits.balance(ada.workspace).balance == to_micro(200)


@pytest.mark.parametrize("setting", ["STRIPE_INVOICES", "STRIPE_PROMOTION_CODES"])
def test_stripe_takes_every_request_that_the_settings_make(
    ada: Person, settings: Any, setting: str
) -> None:
    setattr(settings, setting, not getattr(settings, setting))
    assert buy(ada).state == "open"


def test_a_deleted_customer_is_replaced(ada: Person) -> None:
    first = buy(ada).customer
    assert first is not None
    stripe.StripeClient(KEY).v1.customers.delete(first.stripe_id or "")
    second = buy(ada).customer
    assert second != first
    assert Customer.objects.filter(deleted_at=None).get() == second
