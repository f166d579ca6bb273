"""A receiver that is gone or fails for days is switched off, and the owners are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.core import mail
from django_q.models import OrmQ

from accounts.access import Actor
from accounts.models import Membership, Role, User
from tests.queue import drain_queue
from tests.webhooks.conftest import Api
from tests.webhooks.receiver import Receiver, status
from webhooks import endpoints, tasks
from webhooks.models import Delivery, Endpoint

Add = Callable[..., Any]
START = datetime(2026, 11, 2, 12, tzinfo=UTC)


def send(owner: Actor, endpoint: Endpoint) -> None:
    endpoints.send_test(by=owner, public_id=endpoint.public_id)
    drain_queue()


def test_410_switches_the_endpoint_off(
    owner: Actor, api: Api, receiver: Receiver, add: Add
) -> None:
    member = User.objects.create_user("member@example.com")
    Membership.objects.create(workspace=owner.workspace, user=member, role=Role.ADMIN)
    gone = User.objects.create_user("gone@example.com", is_active=False)
    Membership.objects.create(workspace=owner.workspace, user=gone, role=Role.OWNER)
    endpoint, _ = add()
    receiver.answers = [status(410)]
    send(owner, endpoint)
    shown = api("GET", f"/webhook-endpoints/{endpoint.public_id}").json()
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "gone")
    assert Delivery.objects.get().state == "failed"
    [letter] = mail.outbox
    assert letter.to == ["ada@example.com"]
    assert endpoint.url in letter.body
    assert f"/settings/webhooks/{endpoint.public_id}" in letter.body


def test_failing_for_five_days_switches_it_off(
    owner: Actor, api: Api, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add()
    receiver.answers = [status(500)]
    with time_machine.travel(START, tick=False) as clock:
        send(owner, endpoint)
        clock.shift(timedelta(days=4, hours=23))
        send(owner, endpoint)
        assert api("GET", f"/webhook-endpoints/{endpoint.public_id}").json()["enabled"] is True
        clock.shift(timedelta(hours=2))
        send(owner, endpoint)
        shown = api("GET", f"/webhook-endpoints/{endpoint.public_id}").json()
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")
    assert len(mail.outbox) == 1


def test_one_success_starts_the_count_anew(owner: Actor, receiver: Receiver, add: Add) -> None:
    endpoint, _ = add()
    receiver.answers = [status(500), status(200), status(500)]
    with time_machine.travel(START, tick=False) as clock:
        send(owner, endpoint)
        clock.shift(timedelta(days=4))
        send(owner, endpoint)
        clock.shift(timedelta(days=4))
        send(owner, endpoint)
    endpoint.refresh_from_db()
    assert endpoint.enabled
    assert mail.outbox == []


def test_410_from_the_address_of_a_job_ends_that_delivery(owner: Actor, receiver: Receiver) -> None:
    from tests.webhooks.test_announce import say

    receiver.answers = [status(410)]
    say(owner, url=receiver.url)
    drain_queue()
    assert Delivery.objects.get().state == "failed"
    assert not OrmQ.objects.exists()
    assert mail.outbox == []


def test_the_owners_are_told_once_even_if_the_doorbell_was_lost(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add()
    receiver.answers = [status(410)]
    endpoints.send_test(by=owner, public_id=endpoint.public_id)
    tasks.deliver(Delivery.objects.get().pk)
    OrmQ.objects.all().delete()
    disabled_at = Endpoint.objects.get().disabled_at
    assert disabled_at is not None
    with time_machine.travel(disabled_at + timedelta(minutes=11), tick=False):
        tasks.sweep()
        drain_queue()
        tasks.sweep()
        drain_queue()
        tasks.tell_owners(endpoint.pk)
    assert len(mail.outbox) == 1


def test_switching_on_again_forgets_the_failures(
    owner: Actor, api: Api, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add()
    receiver.answers = [status(410), status(200)]
    send(owner, endpoint)
    path = f"/webhook-endpoints/{endpoint.public_id}"
    refused = api("POST", f"{path}/test")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "enabled"
    shown = api("PATCH", path, {"enabled": True}).json()
    assert (shown["enabled"], shown["disabled_reason"], shown["failing_since"]) == (
        True,
        None,
        None,
    )
    assert api("POST", f"{path}/test").status_code == 202
    drain_queue()
    assert len(receiver.received) == 2
