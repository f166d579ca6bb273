"""Text to video: what each provider's page says, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kling.inputs import DIALECTS, errors_of, refusals, shots, video

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


FAR = {"1e300": 1e300, "-1e300": -1e300, "1e6": 1e6, "30 digits": 10**30, "5000 digits": 10**5000}


@pytest.mark.parametrize("length", FAR.values(), ids=FAR)
def test_it_says_that_a_duration_is_out_of_range(length: float) -> None:
    (error,) = errors_of(OPERATION, {"prompt": "A fox", "duration": length})
    assert (error.code, error.message) == ("out_of_range", "duration is out of range.")


@pytest.mark.parametrize("length", [1e-9, 5.0000000000001])
def test_it_wants_whole_seconds(length: float) -> None:
    (error,) = errors_of(OPERATION, {"prompt": "A fox", "duration": length})
    assert error.message == "duration must be a whole number."


@pytest.mark.parametrize(
    ("model", "modes"), [("kling-v2-6", "pro"), ("kling-v2-5-turbo", "one of std, pro")]
)
def test_it_names_the_modes_of_a_model(model: str, modes: str) -> None:
    given = {"prompt": "A fox", "model_name": model, "mode": "4k"}
    (error,) = errors_of(OPERATION, given)
    assert error.message == f"mode of {model} must be {modes}."
