"""Motion control: a picture, a video, and how long that may be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kling.conftest import payload
from tests.kling.inputs import ask, clip, refused

OPERATION = "motion-control"
FIVE = {"video_url": clip(5)}


def test_it_sends_the_example() -> None:
    page = payload("requests/official_motion_control")
    body = ask(OPERATION, media=FIVE, **page).wire_body(external_task_id="fox-1")
    assert body == page | {"external_task_id": "fox-1"}


@pytest.mark.parametrize(
    ("model", "mode", "seconds", "units"),
    [
        ("kling-v3", "std", 5, "4.5"),
        ("kling-v3", "pro", 5, "6"),
        ("kling-v2-6", "std", 5, "2.5"),
        ("kling-v2-6", "pro", 10, "8"),
        ("kling-v2-6", "pro", 9.066, "8"),  # rounded up: the hold covers the most
        ("kling-v3", "pro", 30, "36"),
    ],
)
def test_it_is_billed_by_the_length_of_the_video(
    model: str, mode: str, seconds: float, units: str
) -> None:
    media = {"video_url": clip(seconds)}
    request = ask(OPERATION, media=media, model_name=model, mode=mode)
    assert str(request.units.amount) == units


def test_without_a_length_it_has_no_price() -> None:
    assert refused(OPERATION) == [("video_url", "unknown_length")]


@pytest.mark.parametrize(
    ("orientation", "seconds", "is_taken"),
    [
        ("image", 3, True),
        ("image", 10, True),
        ("image", 10.1, False),
        ("video", 10.1, True),
        ("video", 30, True),
        ("video", 30.1, False),
        ("video", 2.9, False),
    ],
)
def test_the_orientation_decides_how_long_the_video_may_be(
    orientation: str, seconds: float, is_taken: bool
) -> None:
    given: dict[str, Any] = {
        "character_orientation": orientation,
        "media": {"video_url": clip(seconds)},
    }
    if is_taken:
        assert ask(OPERATION, **given).units.amount > 0
    else:
        assert refused(OPERATION, **given) == [("video_url", "out_of_range")]


@pytest.mark.parametrize("field", ["image_url", "video_url", "character_orientation", "mode"])
def test_it_cannot_do_without(field: str) -> None:
    without: dict[str, Any] = {field: None}
    assert refused(OPERATION, media=FIVE, **without) == [(field, "required")]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"mode": "4k"}, ("mode", "not_allowed")),
        ({"keep_original_sound": True}, ("keep_original_sound", "not_allowed")),
        ({"character_orientation": "left"}, ("character_orientation", "not_allowed")),
        ({"model_name": "kling-v2-5-turbo"}, ("model_name", "unknown_model")),
        ({"duration": "5"}, ("duration", "unknown_field")),
    ],
)
def test_it_refuses_the_rest(given: dict[str, Any], error: tuple[str, str]) -> None:
    assert refused(OPERATION, media=FIVE, **given) == [error]


def test_an_element_needs_the_newer_model_and_the_videos_orientation() -> None:
    element: dict[str, Any] = {"element_list": [{"element_id": 160}], "media": FIVE}
    body = ask(OPERATION, **element).wire_body(external_task_id="fox-1")
    assert body["element_list"] == [{"element_id": 160}]
    assert refused(OPERATION, character_orientation="image", **element) == [
        ("character_orientation", "exclusive")
    ]
    assert refused(OPERATION, model_name="kling-v2-6", **element) == [
        ("element_list", "not_supported")
    ]


@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway"])
def test_nobody_else_documents_it(dialect: str) -> None:
    assert refused(OPERATION, dialect) == [("operation", "not_offered")]
