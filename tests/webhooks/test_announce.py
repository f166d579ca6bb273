"""An event is announced with what it tells of, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django_q.models import OrmQ

from accounts.access import Actor
from tests.queue import drain_queue
from tests.webhooks.receiver import Receiver
from webhooks import endpoints
from webhooks.models import Delivery, Message
from webhooks.outbox import OutsideTransaction, announce

Add = Callable[..., Any]


def say(actor: Actor, event: str = "generation.succeeded", url: str | None = None) -> Any:
    with transaction.atomic():
        data = {"id": "gen_1", "prompt": "kočka \ud800"}
        return announce(workspace=actor.workspace, type=event, data=data, url=url)


def test_it_sends_a_signed_message(owner: Actor, receiver: Receiver, add: Add) -> None:
    _endpoint, secret = add()
    message = say(owner)
    drain_queue()
    [request] = receiver.received
    body = request.verified(secret)
    assert list(body) == ["type", "timestamp", "data"]
    assert body["type"] == "generation.succeeded"
    assert body["timestamp"].endswith("Z")
    assert body["data"]["prompt"] == "kočka \ud800"
    assert request.headers["webhook-id"] == message.public_id
    assert request.headers["content-type"] == "application/json"
    assert json.loads(message.body) == body


def test_it_sends_only_events_that_were_asked_for(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    add(events=["credits.low"], url=receiver.url + "?low")
    add(events=[], url=receiver.url + "?all")
    say(owner, "generation.failed")
    drain_queue()
    assert [request.path for request in receiver.received] == ["/hook?all"]
    say(owner, "credits.low")
    drain_queue()
    paths = sorted(request.path for request in receiver.received[1:])
    assert paths == ["/hook?all", "/hook?low"]


def test_it_signs_for_a_job_with_the_workspaces_own_secret(
    owner: Actor, stranger: Actor, receiver: Receiver
) -> None:
    say(owner, url=receiver.url)
    drain_queue()
    [request] = receiver.received
    secret = endpoints.workspace_secret(by=owner).secret
    assert request.verified(secret)["data"]["id"] == "gen_1"
    assert endpoints.workspace_secret(by=stranger).secret != secret


def test_it_tells_nobody_else(owner: Actor, stranger: Actor, receiver: Receiver, add: Add) -> None:
    add()
    assert say(stranger) is None
    drain_queue()
    assert receiver.received == []


def test_it_writes_nothing_where_nobody_listens(owner: Actor) -> None:
    assert say(owner) is None
    assert not Message.objects.exists()


def test_it_sends_nothing_to_an_endpoint_that_is_off_or_deleted(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    off, _ = add()
    gone, _ = add()
    endpoints.change(by=owner, public_id=off.public_id, enabled=False)
    endpoints.delete(by=owner, public_id=gone.public_id)
    assert say(owner) is None


def test_it_cancels_what_was_waiting_when_the_endpoint_is_deleted(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add()
    say(owner)
    endpoints.delete(by=owner, public_id=endpoint.public_id)
    drain_queue()
    assert receiver.received == []
    assert Delivery.objects.get().state == "canceled"


@pytest.mark.django_db(transaction=True)
def test_it_is_rolled_back_with_its_transaction(owner: Actor, receiver: Receiver, add: Add) -> None:
    add()
    with transaction.atomic():
        announce(workspace=owner.workspace, type="generation.failed", data={}, url=receiver.url)
        assert OrmQ.objects.count() == 2
        transaction.set_rollback(True)
    assert not OrmQ.objects.exists()
    assert not Message.objects.exists()
    assert drain_queue() == 0
    assert receiver.received == []


@pytest.mark.django_db(transaction=True)
def test_it_refuses_outside_a_transaction(owner: Actor, add: Add) -> None:
    add()
    with pytest.raises(OutsideTransaction):
        announce(workspace=owner.workspace, type="generation.failed", data={})
    assert not Message.objects.exists()


def test_two_doorbells_deliver_once(owner: Actor, receiver: Receiver, add: Add) -> None:
    add()
    say(owner)
    row = OrmQ.objects.get()
    OrmQ.objects.create(key=row.key, payload=row.payload, lock=row.lock)
    assert drain_queue() == 2
    assert len(receiver.received) == 1
    assert Delivery.objects.get().attempts == 1
