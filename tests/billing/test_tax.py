"""Tax is kept with the order: of a purchase, and of the months of a subscription."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Order
from tests.billing.conftest import Shop
from tests.billing.subscribers import Subscriber, make_plan
from tests.billing.test_purchase import buy, come_back
from tests.conftest import Person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


@pytest.fixture(autouse=True)
def taxed(settings: Any) -> None:
    settings.STRIPE_TAX = True


def test_it_is_kept_with_a_purchase(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    waiting = ada.browser.get(f"/credits/orders/{order.public_id}/").content.decode()
    assert "$18.00; tax may be added" in waiting
    page = come_back(ada, shop.press(order.checkout_url, "pay"))
    assert "<dt>Paid, with tax</dt>" in page
    assert "$21.60" in page
    order.refresh_from_db()
    assert (order.amount, order.amount_total, order.amount_tax) == (1800, 2160, 360)


def test_it_is_kept_with_a_month_of_a_subscription(ada: Person, shop: Shop) -> None:
    make_plan()
    subscriber = Subscriber(ada, shop)
    subscriber.subscribe()
    subscriber.events()
    order = Order.objects.get()
    assert (order.state, order.amount, order.amount_total) == ("paid", 2900, 3480)
    assert order.amount_tax == 580
