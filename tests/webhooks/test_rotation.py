"""Secrets are changed without a moment in which messages cannot be verified."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from standardwebhooks import WebhookVerificationError

from accounts.access import Actor
from tests.queue import drain_queue
from tests.webhooks.conftest import Api
from tests.webhooks.receiver import Received, Receiver
from tests.webhooks.test_announce import say
from webhooks import endpoints
from webhooks.models import Delivery

Add = Callable[..., Any]
START = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_both_secrets_sign_for_a_day(api: Api, owner: Actor, receiver: Receiver, add: Add) -> None:
    with time_machine.travel(START, tick=False) as clock:
        endpoint, old = add()
        answer = api("POST", f"/webhook-endpoints/{endpoint.public_id}/rotate-secret")
        assert answer.status_code == 200
        new = answer.json()["secret"]
        assert new != old
        assert answer.json()["previous_secret_expires_at"] == "2026-11-03T12:00:00Z"

        clock.shift(timedelta(hours=23, minutes=59))
        say(owner)
        drain_queue()
        overlapping = receiver.received[-1]
        assert overlapping.verified(old) == overlapping.verified(new)

        clock.shift(timedelta(minutes=2))
        say(owner)
        drain_queue()
        later = receiver.received[-1]
        assert later.verified(new)["type"] == "generation.succeeded"
        refused(later, old)


def test_rotating_twice_ends_the_oldest(
    api: Api, owner: Actor, receiver: Receiver, add: Add
) -> None:
    endpoint, first = add()
    path = f"/webhook-endpoints/{endpoint.public_id}/rotate-secret"
    second = api("POST", path).json()["secret"]
    third = api("POST", path).json()["secret"]
    say(owner)
    drain_queue()
    [request] = receiver.received
    assert request.verified(second) == request.verified(third)
    refused(request, first)


def test_the_workspaces_own_secret_rotates_too(
    api: Api, owner: Actor, stranger: Actor, receiver: Receiver
) -> None:
    path = "/webhook-endpoints/signing-secret"
    old = api("GET", path).json()
    assert api("GET", path).json() == old
    assert old["previous_secret_expires_at"] is None
    new = api("POST", f"{path}/rotate").json()
    assert api("GET", path).json() == new
    say(owner, url=receiver.url)
    drain_queue()
    [request] = receiver.received
    assert request.verified(old["secret"]) == request.verified(new["secret"])
    refused(request, Api(stranger)("GET", path).json()["secret"])


def test_secrets_survive_a_change_of_the_secret_key(
    owner: Actor, receiver: Receiver, add: Add, settings: Any
) -> None:
    _endpoint, secret = add()
    old_key = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [old_key]
    send_and_verify(owner, receiver, secret)
    call_command("rotate_secrets")
    settings.SECRET_KEY_FALLBACKS = []
    send_and_verify(owner, receiver, secret)


def test_a_lost_key_is_a_failed_attempt_that_says_so(
    owner: Actor, receiver: Receiver, add: Add, settings: Any
) -> None:
    add()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", []
    say(owner)
    drain_queue()
    assert receiver.received == []
    assert "secret cannot be read" in Delivery.objects.get().log.get().error


def send_and_verify(owner: Actor, receiver: Receiver, secret: str) -> None:
    endpoint = endpoints.queries.endpoints(owner.workspace).get()
    endpoints.send_test(by=owner, public_id=endpoint.public_id)
    drain_queue()
    assert receiver.received[-1].verified(secret)["type"] == "webhook.test"


def refused(request: Received, secret: str) -> None:
    with pytest.raises(WebhookVerificationError):
        request.verified(secret)
