"""Text to audio: 200 characters, 3.0 to 10.0 seconds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kling.inputs import DIALECTS, audio, refusals

OPERATION = "text-to-audio"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_takes_200_characters_and_no_more(dialect: str) -> None:
    assert audio(dialect, prompt="w" * 200, duration=5).input["prompt"] == "w" * 200
    given = {"prompt": "w" * 201, "duration": 5}
    assert refusals(OPERATION, given, dialect=dialect) == [("prompt", "too_long")]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("given", "sent"),
    [(3, 3), (10, 10), (5.0, 5), ("5", 5), ("5.0", 5), (3.1, 3.1), ("9.9", 9.9), ("10.0", 10)],
)
def test_it_sends_seconds_as_a_number(dialect: str, given: object, sent: float) -> None:
    duration = audio(dialect, prompt="Waves", duration=given).input["duration"]
    assert duration == sent
    assert type(duration) is type(sent)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("duration", "code"),
    [
        (2.9, "out_of_range"),
        (10.1, "out_of_range"),
        (0, "out_of_range"),
        (-5, "out_of_range"),
        (5.05, "too_precise"),
        ("3.14", "too_precise"),
        ("five", "wrong_type"),
        (True, "wrong_type"),
        ([5], "wrong_type"),
        (float("nan"), "wrong_type"),
        (float("inf"), "wrong_type"),
        ("1e1", "wrong_type"),
        ("5" * 400, "wrong_type"),
    ],
)
def test_it_refuses_other_durations(dialect: str, duration: object, code: str) -> None:
    given = {"prompt": "Waves", "duration": duration}
    assert refusals(OPERATION, given, dialect=dialect) == [("duration", code)]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, ["prompt", "duration"]),
        ({"prompt": "Waves"}, ["duration"]),
        ({"duration": 5}, ["prompt"]),
        ({"prompt": "   ", "duration": 5}, ["prompt"]),
        ({"prompt": "Waves", "duration": ""}, ["duration"]),
    ],
)
def test_it_needs_both_fields(given: dict[str, Any], missing: list[str]) -> None:
    assert refusals(OPERATION, given) == [(field, "required") for field in missing]


@pytest.mark.parametrize("field", ["model_name", "mode", "sound", "watermark_info"])
def test_it_has_no_other_fields(field: str) -> None:
    given = {"prompt": "Waves", "duration": 5, field: "std"}
    assert refusals(OPERATION, given) == [(field, "unknown_field")]


def test_it_counts_as_one_task_without_a_model() -> None:
    request = audio(prompt="Waves", duration=5)
    assert (request.model, request.slots) == ("text-to-audio", 1)
    assert request.expected_seconds == 16
