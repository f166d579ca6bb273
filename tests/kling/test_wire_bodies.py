"""The bodies that go out: those of the providers' pages, and only what the pages document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kling.requests import parse
from tests.kling.conftest import payload
from tests.kling.inputs import DIALECTS, TODAY, audio, shots, video

# What is sent although the page's example leaves it out, so that the quote is the request.
EXPLICIT = {"model_name": "kling-v3", "mode": "std", "duration": "5"}


@pytest.mark.parametrize(
    ("example", "operation", "dialect", "added"),
    [
        ("cloudsway_text_to_video", "text-to-video", "cloudsway", {}),
        ("cometapi_text_to_video", "text-to-video", "cometapi", EXPLICIT),
        ("cometapi_text_to_audio", "text-to-audio", "cometapi", {}),
        (
            "cloudsway_text_to_audio",
            "text-to-audio",
            "cloudsway",
            {"callback_url": "https://studio.example.net/hook"},
        ),
    ],
)
def test_it_sends_the_pages_own_example(
    example: str, operation: str, dialect: str, added: dict[str, Any]
) -> None:
    page = payload(f"requests/{example}")
    request = parse(operation, page, dialect=dialect, today=TODAY)
    body = request.wire_body(external_task_id="fox-1", callback_url=added.get("callback_url"))
    assert body == page | added | {"external_task_id": "fox-1"}


def test_it_sends_the_page_of_cloudsway_byte_for_byte() -> None:
    page = payload("requests/cloudsway_text_to_video")
    body = parse("text-to-video", page, dialect="cloudsway", today=TODAY).wire_body(
        external_task_id="fox-1"
    )
    assert json.dumps(body) == json.dumps({**page, "external_task_id": "fox-1"})


@pytest.mark.parametrize(
    ("operation", "dialect", "sent"),
    [
        ("text-to-video", "cometapi", True),
        ("text-to-video", "official", True),
        # Cloudsway's video page has no callback_url.
        ("text-to-video", "cloudsway", False),
        ("text-to-audio", "cometapi", True),
        ("text-to-audio", "cloudsway", True),
        ("text-to-audio", "official", True),
    ],
)
def test_it_sends_a_callback_only_where_the_page_has_one(
    operation: str, dialect: str, sent: bool
) -> None:
    given = {"prompt": "A fox"} | ({"duration": 5} if operation == "text-to-audio" else {})
    request = parse(operation, given, dialect=dialect, today=TODAY)
    url = "https://studio.example.net/hook"
    body = request.wire_body(external_task_id="fox-1", callback_url=url)
    assert ("callback_url" in body) is sent
    assert "callback_url" not in request.wire_body(external_task_id="fox-1")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_sends_nothing_that_the_page_does_not_document(dialect: str) -> None:
    documented = {
        "cometapi": "prompt negative_prompt aspect_ratio callback_url model_name cfg_scale mode "
        "duration camera_control external_task_id",
        "cloudsway": "model_name multi_shot shot_type prompt multi_prompt negative_prompt sound "
        "mode aspect_ratio duration watermark_info external_task_id",
        "official": "model_name prompt negative_prompt multi_shot shot_type multi_prompt sound "
        "voice_list cfg_scale mode camera_control aspect_ratio duration watermark_info "
        "external_task_id callback_url",
    }
    body = video(dialect, prompt="A fox", mode="pro").wire_body(
        external_task_id="fox-1", callback_url="https://studio.example.net/hook"
    )
    assert set(body) <= set(documented[dialect].split())


@pytest.mark.parametrize("dialect", ["cloudsway", "official"])
def test_it_says_what_the_price_depends_on(dialect: str) -> None:
    assert video(dialect, prompt="A fox").input == {
        "model_name": "kling-v3",
        "prompt": "A fox",
        "mode": "std",
        "sound": "off",
        "duration": "5",
    }


def test_it_sends_no_sound_to_a_model_that_has_none() -> None:
    request = video(model_name="kling-v2-5-turbo", prompt="A fox")
    assert "sound" not in request.input


def test_it_sends_shots_as_kling_wants_them() -> None:
    body = video(
        "official",
        multi_shot=True,
        shot_type="customize",
        multi_prompt=shots(2, 3),
        mode="pro",
        sound="on",
    ).wire_body(external_task_id="fox-1")
    assert body["multi_prompt"] == [
        {"index": 1, "prompt": "Shot 1", "duration": "2"},
        {"index": 2, "prompt": "Shot 2", "duration": "3"},
    ]
    assert body["duration"] == "5"
    assert "prompt" not in body


def test_a_body_is_a_copy() -> None:
    request = audio(prompt="Waves", duration=5)
    request.wire_body(external_task_id="fox-1")["prompt"] = "Something else"
    assert request.input["prompt"] == "Waves"
