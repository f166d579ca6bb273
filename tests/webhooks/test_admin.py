"""Operators look at messages, and send some again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.access import Actor
from tests.queue import drain_queue
from tests.webhooks.receiver import Receiver
from webhooks import endpoints
from webhooks.models import Attempt, Delivery, Message

Add = Callable[..., Any]


@pytest.fixture
def sent(owner: Actor, receiver: Receiver, add: Add) -> Delivery:
    endpoint, _secret = add()
    delivery = endpoints.send_test(by=owner, public_id=endpoint.public_id)
    drain_queue()
    return delivery


def test_they_look_at_everything_and_change_nothing(operator: Client, sent: Delivery) -> None:
    rows = {
        "message": Message.objects.get(),
        "delivery": sent,
        "attempt": Attempt.objects.get(),
        "endpoint": sent.endpoint,
    }
    for name, row in rows.items():
        assert row is not None
        assert operator.get(f"/admin/webhooks/{name}/").status_code == 200
        page = operator.get(f"/admin/webhooks/{name}/{row.pk}/change/")
        assert page.status_code == 200
        assert b'name="_save"' not in page.content
        assert b"sealed" not in page.content
        assert operator.post(f"/admin/webhooks/{name}/{row.pk}/change/").status_code == 403
        assert operator.post(f"/admin/webhooks/{name}/{row.pk}/delete/").status_code == 403
        assert operator.get(f"/admin/webhooks/{name}/add/").status_code == 403


def test_they_send_a_delivery_again(operator: Client, sent: Delivery, receiver: Receiver) -> None:
    operator.post(
        "/admin/webhooks/delivery/", {"action": "redeliver", "_selected_action": [sent.pk]}
    )
    drain_queue()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
