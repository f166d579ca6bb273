"""Text to video: what each provider's page says, field by field."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.kling.inputs import DIALECTS, TODAY, errors_of, refusals, shots, video

OPERATION = "text-to-video"


@pytest.mark.parametrize(("dialect", "limit"), [("cometapi", 500), ("cloudsway", 2500)])
def test_it_takes_a_prompt_up_to_the_pages_limit(dialect: str, limit: int) -> None:
    assert len(video(dialect, prompt="é" * limit).input["prompt"]) == limit
    (error,) = errors_of(OPERATION, {"prompt": "é" * (limit + 1)}, dialect)
    assert (error.field, error.code) == ("prompt", "too_long")
    assert str(limit) in error.message


@pytest.mark.parametrize(
    ("dialect", "limit"), [("cometapi", 200), ("cloudsway", 2500), ("official", 2500)]
)
def test_it_takes_a_negative_prompt_up_to_the_pages_limit(dialect: str, limit: int) -> None:
    assert video(dialect, prompt="A fox", negative_prompt="n" * limit).input["negative_prompt"]
    given = {"prompt": "A fox", "negative_prompt": "n" * (limit + 1)}
    assert refusals(OPERATION, given, dialect=dialect) == [("negative_prompt", "too_long")]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "given", [{}, {"prompt": None}, {"prompt": ""}, {"prompt": " \n\t "}, {"multi_shot": None}]
)
def test_it_needs_a_prompt(dialect: str, given: dict[str, Any]) -> None:
    assert refusals(OPERATION, given, dialect=dialect) == [("prompt", "required")]


@pytest.mark.parametrize(
    ("dialect", "ratios"),
    [
        ("cometapi", ["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3"]),
        ("cloudsway", ["16:9", "9:16", "1:1"]),
        ("official", ["16:9", "9:16", "1:1"]),
    ],
)
def test_it_takes_the_pages_aspect_ratios(dialect: str, ratios: list[str]) -> None:
    for ratio in ["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9"]:
        given = {"prompt": "A fox", "aspect_ratio": ratio}
        if ratio in ratios:
            assert video(dialect, **given).input["aspect_ratio"] == ratio
        else:
            expected = [("aspect_ratio", "not_allowed")]
            assert refusals(OPERATION, given, dialect=dialect) == expected


@pytest.mark.parametrize(
    ("dialect", "seconds"),
    [("cometapi", {5, 10}), ("cloudsway", set(range(3, 16))), ("official", set(range(3, 16)))],
)
def test_it_takes_the_pages_durations(dialect: str, seconds: set[int]) -> None:
    for length in range(1, 18):
        given = {"prompt": "A fox", "duration": str(length)}
        if length in seconds:
            assert video(dialect, **given).input["duration"] == str(length)
        else:
            expected = [("duration", "not_allowed")]
            assert refusals(OPERATION, given, dialect=dialect) == expected


@pytest.mark.parametrize("length", ["10", 10, 10.0, " 10 ", "10.0"])
def test_it_sends_a_duration_as_text(length: object) -> None:
    assert video(prompt="A fox", duration=length).input["duration"] == "10"


@pytest.mark.parametrize("length", [True, [5], {}, "five", "5s", "0x5", "5e0", 5.5, "NaN"])
def test_it_refuses_what_is_no_duration(length: object) -> None:
    given = {"prompt": "A fox", "duration": length}
    assert refusals(OPERATION, given) == [("duration", "wrong_type")]


@pytest.mark.parametrize(
    ("dialect", "modes"),
    [
        ("cometapi", ["std", "pro"]),
        ("cloudsway", ["std", "pro", "4k"]),
        ("official", ["std", "pro", "4k"]),
    ],
)
def test_it_takes_the_pages_modes(dialect: str, modes: list[str]) -> None:
    for mode in ["std", "pro", "4k", "4K", "hd"]:
        given = {"prompt": "A fox", "mode": mode}
        if mode in modes:
            assert video(dialect, **given).input["mode"] == mode
        else:
            assert refusals(OPERATION, given, dialect=dialect) == [("mode", "not_allowed")]


@pytest.mark.parametrize(
    ("dialect", "field", "value"),
    [
        ("cometapi", "sound", "on"),
        ("cometapi", "sound", "off"),
        ("cometapi", "multi_shot", True),
        ("cometapi", "shot_type", "customize"),
        ("cometapi", "multi_prompt", shots(5)),
        ("cometapi", "voice_list", [{"voice_id": "v"}]),
        ("cometapi", "watermark_info", {"enabled": True}),
        ("cloudsway", "cfg_scale", 0.5),
        ("cloudsway", "camera_control", {"type": "down_back"}),
        ("cloudsway", "voice_list", [{"voice_id": "v"}]),
    ],
)
def test_it_refuses_what_the_page_does_not_document(
    dialect: str, field: str, value: object
) -> None:
    (error, *_) = errors_of(OPERATION, {"prompt": "A fox", field: value}, dialect)
    assert (error.field, error.code) == (field, "not_offered")
    assert field in error.message


@pytest.mark.parametrize("dialect", ["cloudsway", "official"])
@pytest.mark.parametrize("sound", ["on", "off"])
def test_it_takes_sound(dialect: str, sound: str) -> None:
    assert video(dialect, prompt="A fox", sound=sound).input["sound"] == sound


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("sound", True, "not_allowed"),
        ("sound", "loud", "not_allowed"),
        ("prompt", 5, "wrong_type"),
        ("prompt", ["A fox"], "wrong_type"),
        ("negative_prompt", {}, "wrong_type"),
        ("model_name", 3, "wrong_type"),
        ("multi_shot", "true", "wrong_type"),
        ("multi_shot", 1, "wrong_type"),
        ("multi_prompt", "A fox", "wrong_type"),
        ("shot_type", "random", "not_allowed"),
        ("mode", 1, "not_allowed"),
        ("watermark_info", True, "wrong_type"),
        ("watermark_info", [{"enabled": True}], "wrong_type"),
    ],
)
def test_it_names_a_wrong_type(field: str, value: object, code: str) -> None:
    given = {"prompt": "A fox"} | {field: value}
    assert refusals(OPERATION, given) == [(field, code)]


@pytest.mark.parametrize(
    ("info", "field", "code"),
    [
        ({}, "watermark_info.enabled", "required"),
        ({"enabled": "true"}, "watermark_info.enabled", "wrong_type"),
        ({"enabled": 1}, "watermark_info.enabled", "wrong_type"),
        ({"enabled": True, "text": "Fox"}, "watermark_info.text", "unknown_field"),
    ],
)
def test_it_checks_the_watermark(info: object, field: str, code: str) -> None:
    assert refusals(OPERATION, {"prompt": "A fox", "watermark_info": info}) == [(field, code)]


@pytest.mark.parametrize("enabled", [True, False])
def test_it_takes_a_watermark(enabled: bool) -> None:
    info = {"enabled": enabled}
    assert video(prompt="A fox", watermark_info=info).input["watermark_info"] == info


# --- shots


@pytest.mark.parametrize("dialect", ["cloudsway", "official"])
@pytest.mark.parametrize("lengths", [(5,), (1, 4), ("2", 3), (1, 1, 1, 1, 1, 1)])
def test_it_takes_shots_of_ones_own(dialect: str, lengths: tuple[object, ...]) -> None:
    total = sum(int(str(length)) for length in lengths)
    request = video(
        dialect,
        multi_shot=True,
        shot_type="customize",
        prompt="",
        multi_prompt=shots(*lengths),
        duration=total,
    )
    assert request.input["multi_prompt"] == shots(*map(str, lengths))
    assert "prompt" not in request.input


def test_it_numbers_shots_that_have_no_number() -> None:
    given = [{"prompt": "One", "duration": 2}, {"prompt": "Two", "duration": 3}]
    request = video(multi_shot=True, shot_type="customize", multi_prompt=given)
    assert [shot["index"] for shot in request.input["multi_prompt"]] == [1, 2]
    assert list(request.input["multi_prompt"][0]) == ["index", "prompt", "duration"]


def test_it_lets_kling_plan_the_shots() -> None:
    request = video(multi_shot=True, shot_type="intelligence", prompt="A fox, then a hare")
    assert request.input["prompt"] == "A fox, then a hare"


OWN = {"multi_shot": True, "shot_type": "customize"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"multi_shot": True, "prompt": "A fox"}, [("shot_type", "required")]),
        ({"multi_shot": True, "shot_type": "intelligence"}, [("prompt", "required")]),
        (
            {**OWN, "shot_type": "intelligence", "prompt": "A fox", "multi_prompt": shots(5)},
            [("multi_prompt", "exclusive")],
        ),
        (OWN, [("multi_prompt", "required")]),
        ({**OWN, "multi_prompt": []}, [("multi_prompt", "required")]),
        ({**OWN, "multi_prompt": shots(5), "prompt": "A fox"}, [("prompt", "exclusive")]),
        ({"prompt": "A fox", "shot_type": "customize"}, [("shot_type", "exclusive")]),
        (
            {"prompt": "A fox", "multi_shot": False, "multi_prompt": shots(5)},
            [("multi_prompt", "exclusive")],
        ),
        ({**OWN, "multi_prompt": shots(2, 2)}, [("multi_prompt", "mismatch")]),
        ({**OWN, "multi_prompt": shots(3, 3)}, [("multi_prompt", "mismatch")]),
        ({**OWN, "multi_prompt": shots(2, 2), "duration": "10"}, [("multi_prompt", "mismatch")]),
        (
            {**OWN, "multi_prompt": shots(1, 1, 1, 1, 1, 1, 1), "duration": 7},
            [("multi_prompt", "too_many")],
        ),
        (
            {**OWN, "multi_prompt": shots(0, 5)},
            [("multi_prompt.0.duration", "out_of_range")],
        ),
        (
            {**OWN, "multi_prompt": shots(6, -1)},
            [("multi_prompt.1.duration", "out_of_range")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 2, "prompt": "One", "duration": 5}]},
            [("multi_prompt.0.index", "not_allowed")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 7, "prompt": "One", "duration": 5}]},
            [("multi_prompt.0.index", "out_of_range")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 1, "duration": 5}]},
            [("multi_prompt.0.prompt", "required")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 1, "prompt": "  ", "duration": 5}]},
            [("multi_prompt.0.prompt", "required")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 1, "prompt": "x" * 513, "duration": 5}]},
            [("multi_prompt.0.prompt", "too_long")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 1, "prompt": "One"}]},
            [("multi_prompt.0.duration", "required")],
        ),
        (
            {**OWN, "multi_prompt": [{"prompt": "One", "duration": 5, "sound": "on"}]},
            [("multi_prompt.0.sound", "unknown_field")],
        ),
        ({**OWN, "multi_prompt": ["One"]}, [("multi_prompt.0", "wrong_type")]),
    ],
)
def test_it_refuses_shots_that_do_not_fit(
    given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert refusals(OPERATION, given) == expected


def test_it_takes_a_shot_of_exactly_512_characters() -> None:
    shot = {"index": 1, "prompt": "x" * 512, "duration": "5"}
    assert video(**OWN, multi_prompt=[shot]).input["multi_prompt"] == [shot]


# --- the camera, and closeness to the prompt: older models only


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
        ({"type": "simple", "config": {"roll": "1"}}, "camera_control.config.roll", "wrong_type"),
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


@pytest.mark.parametrize("scale", [0, 0.5, 1])
def test_it_takes_closeness_to_the_prompt(scale: float) -> None:
    request = video("cometapi", model_name="kling-v1-6", prompt="A fox", cfg_scale=scale)
    assert request.input["cfg_scale"] == scale


@pytest.mark.parametrize(
    ("scale", "code"),
    [
        (-0.01, "out_of_range"),
        (1.01, "out_of_range"),
        (float("nan"), "out_of_range"),
        (float("inf"), "out_of_range"),
        ("0.5", "wrong_type"),
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


# --- voices


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
