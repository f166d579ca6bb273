"""Callbacks: what is posted, when, and what goes wrong with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from standardwebhooks import Webhook

from kling.simulator.server import RunningSimulator

from .caller import AUDIO, TUNE, Caller, Maker, Receiver

Wait = Callable[..., None]


@pytest.fixture
def caller(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "official")


def body(receiver: Receiver) -> dict[str, object]:
    return TUNE | {"callback_url": receiver.url, "external_task_id": "mine"}


def test_it_posts_each_change_with_a_bare_body(
    caller: Caller, receiver: Receiver, wait_until: Wait
) -> None:
    task_id = caller.create(AUDIO, body(receiver))
    wait_until(lambda: len(receiver.bodies) == 2)
    assert receiver.words() == ["processing", "succeed"]
    last = receiver.bodies[-1]
    assert (last["task_id"], last["final_unit_deduction"]) == (task_id, "0.25")
    assert last["task_info"] == {"external_task_id": "mine"}
    assert "code" not in last
    assert "webhook-signature" not in receiver.headers[-1]
    wait_until(lambda: len(caller.simulator.callbacks()) == 2)
    assert [row["answer"] for row in caller.simulator.callbacks()] == ["200", "200"]


def test_it_posts_a_failure(caller: Caller, receiver: Receiver, wait_until: Wait) -> None:
    caller.create(AUDIO, body(receiver) | {"prompt": "[fail]"})
    wait_until(lambda: "failed" in receiver.words())
    assert receiver.bodies[-1]["final_unit_deduction"] == "0"


def test_it_says_final_only_when_a_query_says_so(
    caller: Caller, receiver: Receiver, wait_until: Wait
) -> None:
    task_id = caller.create(AUDIO, body(receiver) | {"prompt": "drawn for the first time here"})
    wait_until(lambda: "succeed" in receiver.words())
    assert caller.state(AUDIO, task_id)["task_status"] == "succeed"


def test_it_signs_when_there_is_a_secret(
    make_simulator: Maker, receiver: Receiver, wait_until: Wait
) -> None:
    secret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
    Caller(make_simulator(callback_secret=secret), "official").create(AUDIO, body(receiver))
    wait_until(lambda: len(receiver.bodies) == 2)
    for raw, headers in zip(receiver.raw, receiver.headers, strict=True):
        Webhook(secret).verify(raw, headers)


def test_it_does_not_mind_a_dead_receiver(caller: Caller, wait_until: Wait) -> None:
    task_id = caller.create(AUDIO, TUNE | {"callback_url": "http://127.0.0.1:9/nobody"})
    assert caller.finished(AUDIO, task_id)["task_status"] == "succeed"
    wait_until(lambda: len(caller.simulator.callbacks()) == 2)
    assert {row["answer"] for row in caller.simulator.callbacks()} == {"ConnectionError"}


def test_it_loses_them(caller: Caller, receiver: Receiver, wait_until: Wait) -> None:
    caller.simulator.faults.add("callback", "lost")
    caller.finished(AUDIO, caller.create(AUDIO, body(receiver)))
    # The next task's callbacks come through the same queue, after where the lost ones were due.
    caller.create(AUDIO, body(receiver) | {"external_task_id": "second"})
    wait_until(lambda: len(receiver.bodies) == 2)
    assert {b["task_info"]["external_task_id"] for b in receiver.bodies} == {"second"}


def test_it_doubles_them(caller: Caller, receiver: Receiver, wait_until: Wait) -> None:
    caller.simulator.faults.add("callback", "doubled")
    caller.create(AUDIO, body(receiver))
    wait_until(lambda: len(receiver.bodies) == 4)
    assert sorted(receiver.words()) == ["processing", "processing", "succeed", "succeed"]


def test_it_reorders_them(caller: Caller, receiver: Receiver, wait_until: Wait) -> None:
    caller.finished(AUDIO, caller.create(AUDIO, TUNE))
    caller.simulator.faults.add("callback", "reordered")
    caller.create(AUDIO, body(receiver))
    wait_until(lambda: len(receiver.bodies) == 2)
    assert receiver.words() == ["succeed", "processing"]


def test_it_forges_one(caller: Caller, receiver: Receiver, wait_until: Wait) -> None:
    caller.simulator.faults.add("callback", "forged")
    caller.create(AUDIO, body(receiver) | {"prompt": "[slow:6000] rain"})
    wait_until(lambda: len(receiver.bodies) == 1)
    (lie,) = receiver.bodies
    assert (lie["task_status"], lie["final_unit_deduction"]) == ("succeed", "0")
    assert ".invalid/" in lie["task_result"]["videos"][0]["url"]
    assert caller.state(AUDIO, "mine")["task_status"] != "succeed"


def test_it_sends_one_before_the_submit_is_answered(caller: Caller, receiver: Receiver) -> None:
    caller.simulator.faults.add("callback", "early")
    caller.create(AUDIO, body(receiver))
    assert receiver.words()[:1] == ["processing"]


def test_it_takes_up_what_it_owed_after_a_restart(
    make_simulator: Maker, receiver: Receiver, wait_until: Wait
) -> None:
    first = make_simulator()
    Caller(first, "official").create(AUDIO, body(receiver) | {"prompt": "[slow:20] rain"})
    wait_until(lambda: receiver.words() == ["processing"])
    first.stop()
    make_simulator()
    wait_until(lambda: receiver.words() == ["processing", "succeed"])
