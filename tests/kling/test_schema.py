"""The JSON Schema of an input: what a form, OpenAPI and a reader need to know."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import jsonschema
import pytest

from kling import operations
from kling.schema import input_schema
from tests.kling.inputs import DIALECTS, TODAY, audio, video

EVERY = [
    (operation.name, dialect)
    for operation in operations.all_operations()
    for dialect in (None, *operation.dialects)
]


def fields(operation: str, dialect: str | None) -> dict[str, Any]:
    return input_schema(operation, dialect, today=TODAY)["properties"]


@pytest.mark.parametrize(("operation", "dialect"), EVERY)
def test_it_is_a_schema_of_its_own(operation: str, dialect: str | None) -> None:
    schema = input_schema(operation, dialect, today=TODAY)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "$ref" not in json.dumps(schema)
    assert '"null"' not in json.dumps(schema)


@pytest.mark.parametrize(("operation", "dialect"), EVERY)
def test_every_field_has_a_name_an_explanation_and_a_place(
    operation: str, dialect: str | None
) -> None:
    places = []
    for field in fields(operation, dialect).values():
        assert field["title"]
        assert field["description"].endswith(".")
        assert isinstance(field["x-advanced"], bool)
        places.append(field["x-order"])
    assert len(places) == len(set(places))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_describes_what_the_product_sends(dialect: str) -> None:
    given = {"prompt": "A fox", "mode": "pro", "aspect_ratio": "9:16", "duration": 10}
    schema = input_schema("text-to-video", dialect, today=TODAY)
    jsonschema.validate(video(dialect, **given).input, schema)
    jsonschema.validate(
        audio(dialect, prompt="Waves", duration=5.5).input,
        input_schema("text-to-audio", dialect, today=TODAY),
    )


@pytest.mark.parametrize(
    "given",
    [
        {"prompt": "x" * 501},
        {"prompt": "A fox", "sound": "on"},
        {"prompt": "A fox", "mode": "4k"},
        {"prompt": "A fox", "duration": "7"},
        {"prompt": "A fox", "colour": "red"},
    ],
)
def test_it_forbids_what_the_product_refuses(given: dict[str, Any]) -> None:
    schema = input_schema("text-to-video", "cometapi", today=TODAY)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(given, schema)


def test_it_has_the_limits_of_a_dialect() -> None:
    comet, cloudsway = fields("text-to-video", "cometapi"), fields("text-to-video", "cloudsway")
    assert (comet["prompt"]["maxLength"], cloudsway["prompt"]["maxLength"]) == (500, 2500)
    assert comet["duration"]["enum"] == ["5", "10"]
    assert cloudsway["duration"]["enum"] == [str(seconds) for seconds in range(3, 16)]
    assert "sound" not in comet
    assert cloudsway["sound"] | {"default": "off"} == cloudsway["sound"]
    assert set(fields("text-to-audio", "cometapi")) == {"prompt", "duration"}


def test_without_a_dialect_it_has_the_widest_limits() -> None:
    wide = fields("text-to-video", None)
    assert wide["prompt"]["maxLength"] == 2500
    assert len(wide["aspect_ratio"]["enum"]) == 7
    assert {"sound", "cfg_scale", "voice_list"} <= set(wide)


def test_it_has_defaults_and_bounds() -> None:
    wide = fields("text-to-video", None)
    defaults = {name: field["default"] for name, field in wide.items() if "default" in field}
    assert defaults == {
        "model_name": "kling-v3",
        "multi_shot": False,
        "mode": "std",
        "sound": "off",
        "aspect_ratio": "16:9",
        "duration": "5",
    }
    length = fields("text-to-audio", None)["duration"]
    assert (length["type"], length["minimum"], length["maximum"]) == ("number", 3, 10)
    assert length["examples"] == [5]
    assert (wide["cfg_scale"]["minimum"], wide["cfg_scale"]["maximum"]) == (0, 1)
    assert (wide["multi_prompt"]["minItems"], wide["multi_prompt"]["maxItems"]) == (1, 6)


def test_it_says_what_is_required() -> None:
    assert input_schema("text-to-audio")["required"] == ["prompt", "duration"]
    # Shots of one's own need no prompt, so the schema alone cannot require it.
    assert input_schema("text-to-video")["required"] == []


def model(name: str, dialect: str | None, today: date = TODAY) -> dict[str, Any]:
    models = input_schema("text-to-video", dialect, today=today)["x-models"]
    return next(item for item in models if item["name"] == name)


def test_it_says_what_each_model_can_do() -> None:
    assert model("kling-v3", "cloudsway") == {
        "name": "kling-v3",
        "title": "Kling 3.0",
        "default": True,
        "dialects": ["cloudsway"],
        "modes": ["std", "pro", "4k"],
        "durations": [str(seconds) for seconds in range(3, 16)],
        "choices": {},
        "sound": True,
        "features": {"sound": {}, "multi_shot": {}},
        "expected_seconds": 78,
    }
    comet = model("kling-v3", "cometapi")
    assert (comet["modes"], comet["durations"], comet["sound"]) == (
        ["std", "pro"],
        ["5", "10"],
        False,
    )
    assert model("kling-v1", "cometapi")["features"] == {
        "cfg_scale": {},
        "camera_control": {"modes": ["std"], "durations": ["5"]},
    }
    assert model("kling-v2-6", None)["dialects"] == ["cometapi", "cloudsway", "official"]


def test_it_leaves_out_retired_models() -> None:
    names = fields("text-to-video", "official")["model_name"]["enum"]
    assert names == ["kling-v3", "kling-v2-6", "kling-v2-5-turbo"]
    models = input_schema("text-to-video", "official", today=TODAY)["x-models"]
    assert [item["name"] for item in models] == names
    assert model("kling-v1", "official", today=date(2026, 9, 14))["dialects"] == ["official"]
    assert model("kling-v1", None)["dialects"] == ["cometapi"]


def test_audio_has_no_models() -> None:
    assert "x-models" not in input_schema("text-to-audio")


@pytest.mark.parametrize(
    ("dialects", "longest"),
    [
        ("cometapi", 10),
        ("cloudsway", 10),
        ("official", 15),
        (("cometapi", "cloudsway"), 10),
        (("cometapi", "official"), 15),
        (None, 15),
    ],
)
def test_a_file_in_a_list_has_the_limits_of_its_provider(
    dialects: str | tuple[str, ...] | None, longest: float
) -> None:
    schema = input_schema("omni-video", dialects, today=TODAY)
    video = schema["properties"]["video_list"]["items"]["properties"]["video_url"]
    assert (video["x-media"]["min_seconds"], video["x-media"]["max_seconds"]) == (3, longest)
    assert (video["x-media"]["min_frame_rate"], video["x-media"]["max_frame_rate"]) == (24, 60)
    assert "x-media-through" not in json.dumps(schema)
