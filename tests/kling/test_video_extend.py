"""Video extension: what the source was is said and not sent."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kling.media import Media
from tests.kling.inputs import ask, clip, refused

OPERATION = "video-extend"
BEFORE_RETIREMENT = date(2026, 9, 14)


def test_comet_gets_the_task_and_neither_model_nor_mode() -> None:
    request = ask(OPERATION, "cometapi", mode="std", prompt="The fox sits down", cfg_scale=0.5)
    body = request.wire_body(external_task_id="fox-1", callback_url="https://a.example/hook")
    assert body == {
        "task_id": "871100000000000006",
        "video_id": "871100000000000007",
        "prompt": "The fox sits down",
        "cfg_scale": 0.5,
        "callback_url": "https://a.example/hook",
    }


def test_kling_got_no_task() -> None:
    request = ask(OPERATION, today=BEFORE_RETIREMENT, task_id=None, mode="std")
    body = request.wire_body(external_task_id="fox-1")
    assert body == {"video_id": "871100000000000007", "external_task_id": "fox-1"}
    assert refused(OPERATION, today=BEFORE_RETIREMENT) == [("task_id", "not_offered")]


def test_kling_has_retired_whatever_can_be_extended() -> None:
    assert refused(OPERATION, task_id=None) == [("operation", "retired_operation")]


def test_the_task_of_a_result_held_here_comes_from_who_sends() -> None:
    request = ask(OPERATION, "cometapi", video_id="ast_Fox1", task_id=None)
    assert [spot.path for spot in request.spots()] == ["video_id"]
    body = request.wire_body(external_task_id="fox-1", ids={"video_id": "87", "task_id": "86"})
    assert (body["video_id"], body["task_id"]) == ("87", "86")


def test_of_another_video_comet_wants_the_task() -> None:
    assert refused(OPERATION, "cometapi", task_id=None) == [("task_id", "required")]


@pytest.mark.parametrize(("mode", "units"), [("std", "2"), ("pro", "3.5"), (None, "3.5")])
def test_a_call_has_a_price(mode: str | None, units: str) -> None:
    assert str(ask(OPERATION, "cometapi", mode=mode).units.amount) == units


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920)])
def test_a_large_video_is_not_of_the_cheaper_mode(width: int, height: int) -> None:
    media: dict[str, Media] = {"video_id": clip(5, width=width, height=height)}
    assert refused(OPERATION, "cometapi", mode="std", media=media) == [("mode", "mismatch")]
    assert ask(OPERATION, "cometapi", mode="pro", media=media).units.amount
    assert ask(OPERATION, "cometapi", mode="std", media={"video_id": clip(5)}).units.amount == 2


def test_a_video_grows_to_three_minutes_at_most() -> None:
    assert ask(OPERATION, "cometapi", media={"video_id": clip(176)}).units.amount
    found = refused(OPERATION, "cometapi", media={"video_id": clip(176.1)})
    assert found == [("video_id", "out_of_range")]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"video_id": None}, ("video_id", "required")),
        ({"prompt": "x" * 501}, ("prompt", "too_long")),
        ({"cfg_scale": 1.1}, ("cfg_scale", "out_of_range")),
        ({"mode": "4k"}, ("mode", "not_allowed")),
        ({"model_name": "kling-v3"}, ("model_name", "unknown_model")),
        ({"model_name": "kling-v1", "cfg_scale": 0.5}, ("cfg_scale", "not_supported")),
        (
            {"model_name": "kling-v1", "negative_prompt": "Rain"},
            ("negative_prompt", "not_supported"),
        ),
        ({"watermark_info": {"enabled": True}}, ("watermark_info", "not_offered")),
    ],
)
def test_it_names_what_is_wrong(given: dict[str, Any], error: tuple[str, str]) -> None:
    assert refused(OPERATION, "cometapi", **given) == [error]


@pytest.mark.parametrize(("field", "value"), [("cfg_scale", 0.5), ("negative_prompt", "Rain")])
def test_the_first_model_takes_nothing_but_a_prompt(field: str, value: object) -> None:
    given: dict[str, Any] = {"model_name": "kling-v1", field: value}
    assert refused(OPERATION, "cometapi", **given) == [(field, "not_supported")]
    assert ask(OPERATION, "cometapi", **given | {"model_name": "kling-v1-5"}).input[field] == value
