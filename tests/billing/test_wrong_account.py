"""What another Stripe account, or the other mode, says of our orders settles nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing import checkout, tasks
from billing.errors import OtherAccount
from billing.models import Order, StripeEvent
from tests.billing.conftest import Shop
from tests.billing.test_money_back import hear
from tests.billing.test_purchase import balance, buy
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


def test_an_order_knows_its_account_and_mode(order: Order, settings: Any) -> None:
    assert (order.stripe_account, order.livemode) == (settings.STRIPE_ACCOUNT_ID, False)


@pytest.mark.parametrize("field", ["stripe_account", "livemode"])
def test_an_order_of_another_account_is_not_settled(
    ada: Person, shop: Shop, order: Order, field: str
) -> None:
    other = {"stripe_account": "acct_of_before", "livemode": True}[field]
    Order.objects.update(**{field: other})
    hear(shop)
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("open", 100)
    failed = StripeEvent.objects.get(type="checkout.session.completed")
    assert (failed.state, "This order is of the" in failed.last_error) == ("failed", True)
    page = ada.browser.get(f"/credits/orders/{order.public_id}/").content.decode()
    assert "Waiting for your payment" in page
    with pytest.raises(OtherAccount):
        checkout.cancel(order)


def test_a_failed_event_is_worked_again_by_the_operator(
    ada: Person, admin_client: Any, shop: Shop, order: Order, settings: Any
) -> None:
    Order.objects.update(stripe_account="acct_of_before")
    hear(shop)
    Order.objects.update(stripe_account=settings.STRIPE_ACCOUNT_ID)
    page = admin_client.get("/admin/billing/stripeevent/?state__exact=failed").content.decode()
    assert "acct_of_before" in page
    failed = list(StripeEvent.objects.filter(state="failed").values_list("pk", flat=True))
    admin_client.post(
        "/admin/billing/stripeevent/", {"action": "work_again", "_selected_action": failed}
    )
    hear(shop)
    assert balance(ada) == 200
    assert not StripeEvent.objects.filter(state="failed").exists()


def test_the_sweep_leaves_orders_of_the_other_mode_alone(ada: Person, shop: Shop) -> None:
    buy(ada)
    before = timezone.now() - timedelta(hours=1)
    for livemode in (True, False):
        Order.objects.update(livemode=livemode, synced_at=before)
        tasks.sweep()
        drain_queue()
        assert (Order.objects.get().synced_at == before) is livemode
