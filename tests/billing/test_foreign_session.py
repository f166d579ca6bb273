"""The session of another purchase in the address of the page that a buyer comes back to."""

from __future__ import annotations

from typing import Any

import pytest

from billing import tasks
from billing.models import Order
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


def test_it_says_nothing_about_the_order_that_is_new(
    ada: Person, shop: Shop, order: Order, settings: Any
) -> None:
    """Paid is the other one: the new one is neither credited for it nor looked into."""
    here, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    ada.browser.post("/credits/buy/small/")
    settings.STRIPE_API_BASE = here
    new = Order.objects.exclude(pk=order.pk).get()
    page = ada.browser.get(
        f"/credits/orders/{new.public_id}/", {"session_id": order.stripe_session_id}
    )
    assert "Waiting for the payment page" in page.content.decode()
    new.refresh_from_db()
    assert (new.state, new.stripe_session_id, new.attention) == ("new", None, "")
    tasks.sync_order(new.pk)
    new.refresh_from_db()
    assert shop.press(new.checkout_url, "pay").status_code == 303
    shop.deliver()
    drain_queue()
    assert set(Order.objects.values_list("state", flat=True)) == {"paid"}
    assert balance(ada) == 300
