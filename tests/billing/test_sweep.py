"""The sweep finds what was lost, and reaches every unfinished order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Workspace
from billing import tasks
from billing.models import Order, StripeEvent
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance, buy
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = pytest.mark.django_db(transaction=True)


def unfinished(
    workspace: Workspace, name: str, *, count: int, synced_at: datetime | None
) -> set[int]:
    """Orders of an hour ago, last asked about at that time; their keys."""
    orders = Order.objects.bulk_create(
        Order(
            workspace=workspace,
            pack="small",
            credits=1,
            amount=1,
            currency="usd",
            state="open",
            stripe_session_id=f"cs_{name}_{number}",
        )
        for number in range(count)
    )
    pks = {order.pk for order in orders}
    hour_ago = timezone.now() - timedelta(hours=1)
    Order.objects.filter(pk__in=pks).update(created_at=hour_ago, synced_at=synced_at)
    return pks


def asked_about() -> set[int]:
    before = dict(Order.objects.values_list("pk", "synced_at"))
    tasks.sweep()
    drain_queue()
    after = dict(Order.objects.values_list("pk", "synced_at"))
    return {pk for pk, at in after.items() if at != before[pk]}


def test_it_asks_first_about_orders_that_it_never_asked_about(
    workspace: Workspace, settings: Any
) -> None:
    settings.STRIPE_SECRET_KEY = ""
    long_ago = timezone.now() - timedelta(minutes=30)
    unfinished(workspace, "asked", count=tasks.SWEEP_SIZE, synced_at=long_ago)
    never = unfinished(workspace, "never", count=1, synced_at=None)
    assert never < asked_about()


def test_orders_unknown_to_stripe_do_not_keep_the_others_waiting(
    workspace: Workspace, shop: Shop, settings: Any
) -> None:
    settings.TIMER_SCALE = 1
    long_ago = timezone.now() - timedelta(minutes=30)
    earlier = long_ago - timedelta(minutes=1)
    unknown = unfinished(workspace, "unknown", count=tasks.SWEEP_SIZE, synced_at=earlier)
    others = unfinished(workspace, "other", count=1, synced_at=long_ago)
    assert asked_about() == unknown
    assert asked_about() == others


def test_it_finds_a_paid_order_whose_events_are_lost(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "pay")
    Order.objects.update(synced_at=timezone.now() - timedelta(minutes=11))
    tasks.sweep()
    drain_queue()
    assert balance(ada) == 200


def test_it_finds_an_event_whose_doorbell_is_lost(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "pay")
    shop.deliver()
    OrmQ.objects.all().delete()
    StripeEvent.objects.update(due_at=timezone.now() - timedelta(minutes=3))
    tasks.sweep()
    drain_queue()
    assert balance(ada) == 200
