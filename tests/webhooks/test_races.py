"""Two at once, on real row locks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

from accounts.access import Actor
from tests.queue import drain_queue
from tests.webhooks.receiver import Receiver
from webhooks import endpoints, sending, tasks
from webhooks.models import Delivery
from webhooks.outbox import announce

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
Add = Callable[..., Any]
T = TypeVar("T")
TIMES = 4
LIMIT = 10  # seconds; reached only by a deadlock


def elsewhere(call: Callable[[], T]) -> T:
    """Call on a connection of its own, as another process would."""
    try:
        return call()
    finally:
        connection.close()


def at_once(call: Callable[[], T]) -> list[T]:
    barrier = threading.Barrier(TIMES)

    def wait_and_call() -> T:
        barrier.wait(LIMIT)
        return elsewhere(call)

    with ThreadPoolExecutor(TIMES) as pool:
        running = [pool.submit(wait_and_call) for _ in range(TIMES)]
        return [one.result(LIMIT) for one in running]


def waiting(owner: Actor, add: Add) -> int:
    endpoint, _ = add()
    return endpoints.send_test(by=owner, public_id=endpoint.public_id).pk


def test_workers_at_once_send_it_once(owner: Actor, receiver: Receiver, add: Add) -> None:
    pk = waiting(owner, add)
    at_once(lambda: tasks.deliver(pk))
    assert len(receiver.received) == 1
    assert Delivery.objects.get().attempts == 1


def test_without_the_claim_they_would_send_it_often(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    pk = waiting(owner, add)

    def send_unclaimed() -> None:
        delivery = Delivery.objects.select_related("message", "endpoint").get(pk=pk)
        if delivery.state == "pending":
            sending.send(delivery)

    at_once(send_unclaimed)
    assert len(receiver.received) == TIMES


def test_the_workspaces_secret_is_made_once(owner: Actor) -> None:
    secrets = at_once(lambda: endpoints.workspace_secret(by=owner).secret)
    assert len(set(secrets)) == 1


def test_deleting_an_endpoint_neither_waits_for_an_announcement_nor_fails_it(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            announce(workspace=owner.workspace, type="generation.failed", data={})

            def delete() -> None:
                endpoints.delete(by=owner, public_id=endpoint.public_id)

            pool.submit(elsewhere, delete).result(LIMIT)
        drain_queue()
    assert receiver.received == []
    assert Delivery.objects.get().state == "canceled"


def test_an_announcement_does_not_wait_for_a_change_of_the_endpoint(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add()

    def say() -> None:
        with transaction.atomic():
            announce(workspace=owner.workspace, type="generation.failed", data={})

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        endpoints.rotate_secret(by=owner, public_id=endpoint.public_id)
        pool.submit(elsewhere, say).result(LIMIT)
    assert Delivery.objects.count() == 1


def test_the_limit_of_endpoints_holds(owner: Actor, receiver: Receiver, add: Add) -> None:
    for _ in range(18):
        add()

    def try_to_add() -> bool:
        try:
            add()
        except endpoints.ValidationError:
            return False
        return True

    assert sorted(at_once(try_to_add)) == [False, False, True, True]
