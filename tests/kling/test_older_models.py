"""Camera, closeness to the prompt and voices: what only some older models have."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.kling.inputs import TODAY, errors_of, refusals, video

OPERATION = "text-to-video"


def camera(control: object, **more: Any) -> dict[str, Any]:
    return {"model_name": "kling-v1", "prompt": "A fox", "camera_control": control} | more


@pytest.mark.parametrize(
    "control",
    [
        {"type": "down_back"},
        {"type": "forward_up"},
        {"type": "right_turn_forward"},
        {"type": "left_turn_forward"},
        {"type": "simple", "config": {"zoom": 10}},
        {"type": "simple", "config": {"pan": -10, "tilt": 0}},
        {"type": "simple", "config": {"horizontal": 0.5}},
    ],
)
@pytest.mark.parametrize(
    ("dialect", "today"), [("cometapi", TODAY), ("official", date(2026, 9, 14))]
)
def test_it_moves_the_camera(control: dict[str, Any], dialect: str, today: date) -> None:
    request = video(dialect, today=today, **camera(control))
    assert request.input["camera_control"] == control


@pytest.mark.parametrize(
    ("control", "field", "code"),
    [
        ("down_back", "camera_control", "wrong_type"),
        ({}, "camera_control.type", "required"),
        ({"type": "dolly"}, "camera_control.type", "not_allowed"),
        ({"type": "simple"}, "camera_control.config", "required"),
        ({"type": "simple", "config": {}}, "camera_control.config", "mismatch"),
        ({"type": "simple", "config": {"zoom": 0}}, "camera_control.config", "mismatch"),
        ({"type": "simple", "config": {"zoom": 1, "pan": 1}}, "camera_control.config", "mismatch"),
        (
            {"type": "simple", "config": {"zoom": 10.1}},
            "camera_control.config.zoom",
            "out_of_range",
        ),
        ({"type": "simple", "config": {"roll": -11}}, "camera_control.config.roll", "out_of_range"),
        ({"type": "simple", "config": {"roll": "far"}}, "camera_control.config.roll", "wrong_type"),
        ({"type": "simple", "config": {"x": 1}}, "camera_control.config.x", "unknown_field"),
        (
            {"type": "down_back", "config": {"zoom": 1}},
            "camera_control.config",
            "exclusive",
        ),
    ],
)
def test_it_refuses_a_camera_that_cannot_be(control: object, field: str, code: str) -> None:
    assert refusals(OPERATION, camera(control), dialect="cometapi") == [(field, code)]


@pytest.mark.parametrize("more", [{"mode": "pro"}, {"duration": "10"}, {"model_name": "kling-v3"}])
def test_the_camera_moves_only_in_std_at_5_seconds_with_kling_v1(more: dict[str, str]) -> None:
    given = camera({"type": "down_back"}, **more)
    assert refusals(OPERATION, given, dialect="cometapi") == [("camera_control", "not_supported")]


@pytest.mark.parametrize("scale", [0, 0.5, 1, "0.5"])
def test_it_takes_closeness_to_the_prompt(scale: float | str) -> None:
    request = video("cometapi", model_name="kling-v1-6", prompt="A fox", cfg_scale=scale)
    assert request.input["cfg_scale"] == float(scale)


@pytest.mark.parametrize(
    ("scale", "code"),
    [
        (-0.01, "out_of_range"),
        (1.01, "out_of_range"),
        (float("nan"), "wrong_type"),
        (float("inf"), "wrong_type"),
        ("half", "wrong_type"),
        (True, "wrong_type"),
    ],
)
def test_it_refuses_other_closeness(scale: object, code: str) -> None:
    given = {"model_name": "kling-v1", "prompt": "A fox", "cfg_scale": scale}
    assert refusals(OPERATION, given, dialect="cometapi") == [("cfg_scale", code)]


def test_newer_models_take_no_closeness() -> None:
    (error,) = errors_of(OPERATION, {"prompt": "A fox", "cfg_scale": 0.5}, "cometapi")
    assert (error.field, error.code) == ("cfg_scale", "not_supported")
    assert "kling-v1-6" in error.message


VOICED = {
    "model_name": "kling-v2-6",
    "prompt": "The fox <<<voice_1>>> says hello",
    "sound": "on",
    "voice_list": [{"voice_id": "v1"}],
}


def test_it_takes_voices_on_the_official_api() -> None:
    assert video("official", **VOICED).input["voice_list"] == [{"voice_id": "v1"}]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"sound": "off"}, ("voice_list", "exclusive")),
        ({"voice_list": [{"voice_id": "v"}] * 3}, ("voice_list", "too_many")),
        ({"voice_list": [{"voice_id": ""}]}, ("voice_list.0.voice_id", "required")),
        ({"model_name": "kling-v3"}, ("voice_list", "not_supported")),
    ],
)
def test_it_refuses_voices_that_do_not_fit(more: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refusals(OPERATION, VOICED | more, dialect="official") == [expected]
