"""Words in a prompt that make the demo go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from kling.simulator.server import RunningSimulator
from kling.simulator.words import HELP

from .caller import AUDIO, TUNE, Caller, Clock, Maker


@pytest.fixture
def caller(simulator: RunningSimulator) -> Caller:
    return Caller(simulator, "cloudsway")


def tune(words: str) -> dict[str, Any]:
    return TUNE | {"prompt": f"rain {words}"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("[fail]", "Failure to pass the risk control system"),
        ("[fail:Too loud]", "Too loud"),
        ("[bad-image]", "Image format is invalid"),
    ],
)
def test_it_fails_and_charges_nothing(caller: Caller, words: str, message: str) -> None:
    task = caller.finished(AUDIO, caller.create(AUDIO, tune(words)))
    assert (task["task_status"], task["task_status_msg"]) == ("failed", message)
    assert task["final_unit_deduction"] == "0"
    assert task["task_result"] == {}


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ("[reject]", 400, 1301),
        ("[refuse:1102]", 429, 1102),
        ("[refuse:1303]", 429, 1303),
        ("[refuse:5001]", 503, 5001),
    ],
)
def test_it_refuses_at_once(caller: Caller, words: str, status: int, code: int) -> None:
    answer = caller.post(AUDIO, tune(words))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert caller.simulator.tasks() == []


def test_it_succeeds_without_an_address(caller: Caller) -> None:
    task = caller.finished(AUDIO, caller.create(AUDIO, tune("[no-url]")))
    assert task["task_status"] == "succeed"
    assert task["task_result"]["audios"][0]["url_mp3"] == ""


def test_it_gives_links_that_have_expired(caller: Caller) -> None:
    task = caller.finished(AUDIO, caller.create(AUDIO, tune("[expired]")))
    assert requests.get(task["task_result"]["audios"][0]["url_mp3"], timeout=10).status_code == 403


@pytest.mark.parametrize(
    ("words", "deduction"),
    [("[deduct:4.5]", "4.5"), ("[deduct:much]", "much"), ("[deduct:0]", "0")],
)
def test_it_charges_what_the_words_say(caller: Caller, words: str, deduction: str) -> None:
    task = caller.finished(AUDIO, caller.create(AUDIO, tune(words)))
    assert task["final_unit_deduction"] == deduction


def test_it_leaves_the_deduction_out(caller: Caller) -> None:
    task = caller.finished(AUDIO, caller.create(AUDIO, tune("[deduct:none]")))
    assert "final_unit_deduction" not in task


@pytest.fixture
def slow_caller(make_simulator: Maker, clock: Clock) -> Caller:
    """At real pace on a clock that the test moves."""
    return Caller(make_simulator(clock=clock, time_scale=1), "cometapi")


def test_it_is_slow(slow_caller: Caller, clock: Clock, wait_until: Callable[..., None]) -> None:
    task_id = slow_caller.create(AUDIO, tune("[slow]"))
    clock.now += 62
    assert slow_caller.state(AUDIO, task_id)["task_status"] == "processing"
    clock.now += 2
    wait_until(lambda: slow_caller.state(AUDIO, task_id)["task_status"] == "succeed")


def test_it_never_ends(slow_caller: Caller, clock: Clock) -> None:
    task_id = slow_caller.create(AUDIO, tune("[never]"))
    clock.now += 30 * 86_400
    assert slow_caller.state(AUDIO, task_id)["task_status"] == "processing"


def test_it_shows_a_foreign_word_and_then_succeeds(
    slow_caller: Caller, clock: Clock, wait_until: Callable[..., None]
) -> None:
    task_id = slow_caller.create(AUDIO, tune("[unknown-status:PONDERING]"))
    clock.now += 2
    assert slow_caller.state(AUDIO, task_id)["task_status"] == "PONDERING"
    clock.now += 2
    wait_until(lambda: slow_caller.state(AUDIO, task_id)["task_status"] == "succeed")


def test_it_vanishes_for_a_while(slow_caller: Caller, clock: Clock) -> None:
    body = tune("[vanish]") | {"external_task_id": "gone"}
    slow_caller.create(AUDIO, body)
    clock.now += 19
    assert slow_caller.get(f"{AUDIO}/gone").json()["code"] == 1201
    assert "already exists" in slow_caller.post(AUDIO, body).json()["message"]
    clock.now += 2
    assert slow_caller.get(f"{AUDIO}/gone").status_code == 200


@pytest.mark.parametrize(
    "words", ["[slow:very]", "[slow:nan]", "[vanish:-1]", "[unheard-of]", "[]", "[fail", "[[reject"]
)
def test_it_leaves_other_words_alone(caller: Caller, words: str) -> None:
    assert caller.post(AUDIO, tune(words)).status_code == 200


def test_it_adds_words_up(caller: Caller) -> None:
    task = caller.finished(AUDIO, caller.create(AUDIO, tune("[no-url] [deduct:9]")))
    assert task["task_result"]["audios"][0]["url_wav"] == ""
    assert task["final_unit_deduction"] == "9"


def test_it_explains_the_words_on_its_front_page(simulator: RunningSimulator) -> None:
    page = requests.get(simulator.url, timeout=10).text
    assert all(f"<code>{word}</code>" in page for word in HELP)
