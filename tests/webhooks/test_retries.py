"""A message that is not taken is sent again, over about three days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import time_machine
from django_q.models import OrmQ

from accounts.access import Actor
from tests.queue import drain_queue
from tests.webhooks.receiver import Receiver, status
from webhooks import alarms, endpoints, tasks
from webhooks import sending as sending_module
from webhooks.models import Delivery, Message

Add = Callable[..., Any]
START = datetime(2026, 11, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOURS = [5 / 3600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24]


def delivery() -> Delivery:
    return Delivery.objects.select_related("endpoint").get()


def start(owner: Actor, add: Add) -> str:
    endpoint, secret = add()
    endpoints.send_test(by=owner, public_id=endpoint.public_id)
    return str(secret)


def test_it_follows_the_schedule_and_then_gives_up(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    receiver.answers = [status(500, body=b"out of order")]
    with time_machine.travel(START, tick=False) as clock:
        secret = start(owner, add)
        drain_queue()
        for number, hours in enumerate(HOURS, start=1):
            assert len(receiver.received) == number
            wait = delivery().due_at - datetime.now(UTC)
            assert 0.9 <= wait / timedelta(hours=hours) <= 1.1
            if wait > timedelta(minutes=1):
                clock.shift(wait - 5 * SECOND)
                assert drain_queue() == 0
                wait = 5 * SECOND
            clock.shift(wait + SECOND)
            drain_queue()
        lasted = datetime.now(UTC) - START
        assert timedelta(hours=66) < lasted < timedelta(hours=84)
        [*_, last] = receiver.received
        assert last.verified(secret)["type"] == "webhook.test"  # signed anew, with the new time
    assert len(receiver.received) == 10
    assert delivery().state == "failed"
    assert not OrmQ.objects.exists()
    attempts = list(delivery().log.values_list("number", "status_code", "response_excerpt"))
    assert attempts == [(number, 500, "out of order") for number in range(1, 11)]


def test_every_attempt_has_the_same_id_and_body(owner: Actor, receiver: Receiver, add: Add) -> None:
    receiver.answers = [status(503), status(200)]
    with time_machine.travel(START, tick=False) as clock:
        start(owner, add)
        drain_queue()
        clock.shift(6 * SECOND)
        drain_queue()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert delivery().state == "delivered"
    assert delivery().endpoint.failing_since is None


def test_waits_are_scaled(owner: Actor, receiver: Receiver, add: Add, settings: Any) -> None:
    settings.TIMER_SCALE = 0.02
    receiver.answers = [status(500)]
    with time_machine.travel(START, tick=False):
        start(owner, add)
        drain_queue()
        assert timedelta(0) < delivery().due_at - datetime.now(UTC) <= timedelta(seconds=0.11)


def test_it_does_not_follow_a_redirect(owner: Actor, receiver: Receiver, add: Add) -> None:
    receiver.answers = [status(307, Location=receiver.url + "?elsewhere"), status(200)]
    start(owner, add)
    drain_queue()
    assert [request.path for request in receiver.received] == ["/hook"]
    assert delivery().state == "pending"
    assert "not followed" in delivery().log.get().error


def silent(receiver: Receiver) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda _handler: receiver.closing.wait(10)  # type: ignore[return-value]


def dripping(receiver: Receiver) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not receiver.closing.wait(0.05):
            handler.wfile.write(b"x")

    return answer


@pytest.mark.parametrize("answer", [silent, dripping])
def test_it_gives_a_slow_receiver_up(
    answer: Any, owner: Actor, receiver: Receiver, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending_module, "ATTEMPT_SECONDS", 0.3)
    receiver.answers = [answer(receiver)]
    start(owner, add)
    drain_queue()
    attempt = delivery().log.get()
    assert attempt.status_code is None
    assert attempt.error == "The server took too long."
    assert 250 <= attempt.duration_ms < 5000
    assert delivery().state == "pending"


def test_a_body_that_never_ends_does_not_undo_the_status(
    owner: Actor, receiver: Receiver, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not receiver.closing.wait(0.05):
            handler.wfile.write(b"x")

    monkeypatch.setattr(sending_module, "ATTEMPT_SECONDS", 0.3)
    receiver.answers = [answer]
    start(owner, add)
    drain_queue()
    assert delivery().state == "delivered"


def test_nobody_there_is_a_failed_attempt(owner: Actor, receiver: Receiver, add: Add) -> None:
    endpoint, _ = add(url="http://127.0.0.1:1/")
    endpoints.send_test(by=owner, public_id=endpoint.public_id)
    drain_queue()
    assert "could not be reached" in delivery().log.get().error
    assert delivery().state == "pending"


def test_it_keeps_a_short_excerpt_of_the_answer_and_no_signature(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    receiver.answers = [status(400, body=b"a\x00b" + b"\xff" * 5000)]
    start(owner, add)
    drain_queue()
    attempt = delivery().log.get()
    assert attempt.response_excerpt.startswith("a\ufffdb")
    assert len(attempt.response_excerpt) == 2048
    assert set(attempt.request_headers) == {
        "webhook-id", "webhook-timestamp", "content-type", "user-agent"
    }  # fmt: skip


def test_retries_go_to_a_corrected_address(owner: Actor, receiver: Receiver, add: Add) -> None:
    receiver.answers = [status(404), status(200)]
    with time_machine.travel(START, tick=False) as clock:
        start(owner, add)
        drain_queue()
        endpoint = delivery().endpoint
        right = receiver.url + "/right"
        endpoints.change(by=owner, public_id=endpoint.public_id, url=right)
        clock.shift(6 * SECOND)
        drain_queue()
    assert [request.path for request in receiver.received] == ["/hook", "/hook/right"]


def test_a_worker_that_died_is_found_by_the_sweep(
    owner: Actor, receiver: Receiver, add: Add
) -> None:

    with time_machine.travel(START, tick=False) as clock:
        start(owner, add)
        OrmQ.objects.all().delete()
        # What a killed worker leaves behind: the claim, and nothing else.
        Delivery.objects.update(leased_until=START + timedelta(minutes=2), attempts=1)
        clock.shift(timedelta(seconds=90))
        assert alarms.due() == []
        tasks.sweep()
        assert drain_queue() == 0  # it may still be at work
        clock.shift(timedelta(seconds=60))
        assert alarms.due() == [("webhooks.tasks.sweep", ())]
        tasks.sweep()
        assert drain_queue() == 1
    assert len(receiver.received) == 1
    assert (delivery().state, delivery().attempts) == ("delivered", 2)


def test_the_sweep_rings_again_for_a_lost_doorbell_once_a_minute(
    owner: Actor, receiver: Receiver, add: Add
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        start(owner, add)
        OrmQ.objects.all().delete()
        tasks.sweep()
        assert not OrmQ.objects.exists()  # not late yet
        clock.shift(timedelta(seconds=61))
        tasks.sweep()
        tasks.sweep()
        assert OrmQ.objects.count() == 1
        drain_queue()
    assert delivery().state == "delivered"


def test_the_log_is_pruned_after_a_month(owner: Actor, receiver: Receiver, add: Add) -> None:
    with time_machine.travel(START, tick=False) as clock:
        start(owner, add)
        drain_queue()
        receiver.answers = [status(500)]
        endpoint = delivery().endpoint
        endpoints.send_test(by=owner, public_id=endpoint.public_id)
        drain_queue()
        clock.shift(timedelta(days=29))
        tasks.prune()
        assert Message.objects.count() == 2
        clock.shift(timedelta(days=2))
        tasks.prune()
    assert delivery().state == "pending"  # what still waits is kept
