"""Custom voice: a recording of 5 to 30 seconds, or a video made before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kling.media import Media, MediaKind
from tests.kling.conftest import ScriptedProvider, payload
from tests.kling.inputs import ask, refused

OPERATION = "custom-voice"
RECORDING = "https://files.example/fox.mp3"


def recording(media_type: str, seconds: str, *, kind: MediaKind = "audio") -> Media:
    return Media(kind, media_type, 1000, seconds=Decimal(seconds))


@pytest.mark.parametrize(
    "found",
    [
        recording("audio/mpeg", "5"),
        recording("audio/wav", "30"),
        recording("video/mp4", "12.5", kind="video"),
        recording("video/quicktime", "12.5", kind="video"),
    ],
)
def test_it_takes_sound_and_films_with_sound(found: Media) -> None:
    request = ask(OPERATION, media={"voice_url": found})
    assert (str(request.units.amount), request.units.unit_type) == ("0.05", "video")
    assert (request.operation.result_kind, request.slots) == ("voice", 1)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (recording("audio/mpeg", "4.999"), "out_of_range"),
        (recording("audio/mpeg", "30.001"), "out_of_range"),
        (recording("audio/mp4", "10"), "unsupported_media_type"),
        (recording("image/png", "10", kind="image"), "unsupported_media_type"),
    ],
)
def test_it_refuses_other_recordings(found: Media, code: str) -> None:
    assert refused(OPERATION, media={"voice_url": found}) == [("voice_url", code)]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"voice_url": None}, ("voice_url", "required")),
        ({"video_id": "871100000000000002"}, ("video_id", "exclusive")),
        ({"voice_url": None, "video_id": "a/b"}, ("video_id", "not_allowed")),
        ({"voice_url": "fox.mp3"}, ("voice_url", "not_allowed")),
        ({"voice_name": ""}, ("voice_name", "required")),
        ({"voice_name": "x" * 21}, ("voice_name", "too_long")),
        ({"watermark_info": {"enabled": False}}, ("watermark_info", "unknown_field")),
    ],
)
def test_it_refuses_what_does_not_go(given: dict[str, Any], found: tuple[str, str]) -> None:
    assert refused(OPERATION, **given) == [found]


@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway"])
def test_only_kling_itself_has_it(dialect: str) -> None:
    assert refused(OPERATION, dialect) == [("operation", "not_offered")]


def test_a_film_made_before_goes_out_as_its_id() -> None:
    request = ask(OPERATION, voice_url=None, video_id="ast_film")
    body = request.wire_body(external_task_id="fox-1", ids={"video_id": "871100000000000002"})
    assert body == {
        "voice_name": "Fox",
        "video_id": "871100000000000002",
        "external_task_id": "fox-1",
    }


def test_a_recording_goes_out_as_an_address(provider: ScriptedProvider) -> None:
    provider.answer(payload("answers/official_voice_created"))
    link = "https://studio.example.net/files/1"
    task = provider.client("official").submit(
        ask(OPERATION, voice_url="upl_fox", voice_name="x" * 20),
        external_task_id="fox-1",
        callback_url="https://studio.example.net/hook",
        files={"voice_url": link},
    )
    (posted,) = provider.received
    assert posted.path == "/v1/general/custom-voices"
    assert posted.json == {
        "voice_name": "x" * 20,
        "voice_url": link,
        "external_task_id": "fox-1",
        "callback_url": "https://studio.example.net/hook",
    }
    assert [(out.kind, out.provider_id) for out in task.outputs] == [
        ("voice", "871100000000000006")
    ]
