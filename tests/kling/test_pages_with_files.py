"""The examples of the pages that take files: what goes out, and what it costs."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from kling import dialects
from kling.errors import InvalidInput
from kling.requests import parse
from tests.kling.conftest import payload
from tests.kling.inputs import TODAY, errors_of, speech

FOX = "https://files.example/fox.png"
HOOK = "https://studio.example.net/hook"


# The page was charged 6 for a model that it calls kling-v2.6, which no list has.
@pytest.mark.parametrize(("model", "units"), [("kling-v3", "6"), ("kling-v2-6", "5")])
def test_the_image_to_video_page_of_cloudsway(model: str, units: str) -> None:
    page = payload("requests/cloudsway_image_to_video") | {"model_name": model}
    given = {name: value for name, value in page.items() if name != "external_task_id"}
    request = parse("image-to-video", given, dialect="cloudsway", today=TODAY)
    assert (request.model, str(request.units.amount)) == (model, units)
    body = request.wire_body(external_task_id="fox-1", callback_url=HOOK)
    assert json.dumps(body) == json.dumps(page | {"external_task_id": "fox-1"})


@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway", "official"])
def test_no_other_model_is_sold_for_the_name_of_that_page(dialect: str) -> None:
    """Whoever misspells the cheaper model must not get, and pay, the dearer one."""
    page = payload("requests/cloudsway_image_to_video")
    given = {"model_name": page["model_name"], "prompt": "The fox runs", "image": FOX}
    (error,) = errors_of("image-to-video", given, dialect)
    assert (error.field, error.code) == ("model_name", "unknown_model")
    assert "Did you mean kling-v2-6?" in error.message


def test_the_image_page_of_cloudsway() -> None:
    page = payload("requests/cloudsway_image") | {"image": FOX}
    request = parse("image", page, dialect="cloudsway", today=TODAY)
    assert (str(request.units.amount), request.slots) == ("72", 9)
    elements = [{"element_id": number} for number in (160, 161, 159)]
    expected = page | {"n": 9, "element_list": elements}
    expected |= {"external_task_id": "fox-1", "callback_url": HOOK}
    body = request.wire_body(external_task_id="fox-1", callback_url=HOOK)
    assert json.dumps(body) == json.dumps(expected)


def test_the_image_of_that_page_is_none() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse("image", payload("requests/cloudsway_image"), dialect="cloudsway", today=TODAY)
    assert [(error.field, error.code) for error in caught.value.errors] == [
        ("image", "not_allowed")
    ]


def test_the_video_to_audio_page_of_cometapi() -> None:
    page = payload("requests/cometapi_video_to_audio")
    request = parse("video-to-audio", page, dialect="cometapi", today=TODAY)
    assert str(request.units.amount) == "0.25"
    body = request.wire_body(external_task_id="fox-1", callback_url=HOOK)
    assert body == page | {"external_task_id": "fox-1", "callback_url": HOOK}


def test_the_avatar_page_of_cometapi() -> None:
    page: dict[str, Any] = payload("requests/cometapi_avatar")
    page |= {"image": FOX, "sound_file": "https://files.example/hello.mp3"}
    media = {"sound_file": speech(5)}
    request = parse("avatar", page, dialect="cometapi", media=media, today=TODAY)
    assert str(request.units.amount) == "2"
    body = request.wire_body(external_task_id="fox-1", callback_url=HOOK)
    assert body == page | {"mode": "std", "external_task_id": "fox-1", "callback_url": HOOK}


def test_the_motion_brush_of_klings_page() -> None:
    page = payload("requests/official_image_to_video_brush")
    day = date(2026, 9, 14)
    request = parse("image-to-video", page, dialect="official", today=day)
    assert str(request.units.amount) == "3.5"
    assert request.wire_body(external_task_id="fox-1") == page | {"external_task_id": "fox-1"}


@pytest.mark.parametrize(
    ("operation", "dialect", "taken", "found"),
    [
        ("image-to-video", "cometapi", True, True),
        ("image-to-video", "cloudsway", False, True),
        ("image-to-video", "official", True, True),
        ("image", "cometapi", True, False),
        ("image", "cloudsway", True, True),
        ("image", "official", True, True),
        ("video-to-audio", "cometapi", True, False),
        ("video-to-audio", "official", True, True),
        ("avatar", "cometapi", True, False),
        ("avatar", "official", True, True),
    ],
)
def test_each_page_has_its_own_ways_to_be_asked(
    operation: str, dialect: str, taken: bool, found: bool
) -> None:
    via = dialects.get(dialect)
    assert via.takes_callbacks(operation) is taken
    assert via.finds_by_external_id(operation) is found
