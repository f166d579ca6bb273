"""Lip-sync in one step: the bodies of Kling's page, what goes with what, and the price."""

from __future__ import annotations

from typing import Any

import pytest

from kling.media import Media
from kling.requests import Request
from tests.kling.conftest import ScriptedProvider, payload
from tests.kling.inputs import SMALLEST, ask, clip, refused

OPERATION = "one-step-lip-sync"
HOOK = "https://studio.example.net/hook"
HELLO = "https://files.example/hello.mp3"
BASE64 = "SUQzBAAAAAAAI1RTU0UAAAAP"
TEXT = SMALLEST[OPERATION]["input"]
SOUND = {"mode": "audio2video", "video_url": TEXT["video_url"]}
served = pytest.mark.parametrize("dialect", ["cometapi", "official"])


def given(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """`base` with changes; None takes a field away."""
    values = base | changes
    return {"input": {name: one for name, one in values.items() if one is not None}}


def asked(dialect: str, values: dict[str, Any], video: float = 5) -> Request:
    source = "video_id" if "video_id" in values["input"] else "video_url"
    media: dict[str, Media] = {f"input.{source}": clip(video)}
    return ask(OPERATION, dialect, media=media, **values)


@served
@pytest.mark.parametrize("example", ["text", "sound"])
def test_the_bodies_of_the_page_go_out_as_they_came(dialect: str, example: str) -> None:
    page = payload(f"requests/official_one_step_lip_sync_{example}")
    request = asked(dialect, {"input": page["input"]})
    body = request.wire_body(external_task_id="fox-1", callback_url=page.get("callback_url"))
    assert body == page


@served
def test_the_voice_that_kling_assumes_is_said(dialect: str) -> None:
    body = asked(dialect, given(TEXT)).wire_body(external_task_id="fox-1", callback_url=HOOK)
    voice = {"voice_language": "zh", "voice_speed": 1}
    assert body == {"input": TEXT | voice, "callback_url": HOOK}


@served
@pytest.mark.parametrize(
    ("field", "sent", "form"),
    [
        ("audio_url", HELLO, {"audio_type": "url", "audio_url": HELLO}),
        ("audio_url", BASE64, {"audio_type": "file", "audio_file": BASE64}),
        ("audio_file", HELLO, {"audio_type": "url", "audio_url": HELLO}),
        ("audio_file", BASE64, {"audio_type": "file", "audio_file": BASE64}),
    ],
)
def test_the_sound_is_named_by_the_form_in_which_it_is_sent(
    dialect: str, field: str, sent: str, form: dict[str, str]
) -> None:
    values = given(SOUND, audio_type=field.removeprefix("audio_"), **{field: "upl_hello"})
    request = asked(dialect, values)
    body = request.wire_body(external_task_id="fox-1", files={f"input.{field}": sent})
    assert body == {"input": SOUND | form}


@pytest.mark.parametrize(
    ("base", "extra"),
    [
        (TEXT, {"audio_type": "url", "audio_url": "", "audio_file": ""}),
        (
            SOUND | {"audio_type": "url", "audio_url": HELLO},
            {"text": "", "voice_id": "oversea_male1", "voice_language": "en", "voice_speed": 1.5},
        ),
    ],
)
def test_settings_of_the_other_mode_are_passed_over(
    base: dict[str, Any], extra: dict[str, Any]
) -> None:
    assert asked("official", given(base, **extra)) == asked("official", given(base))


@served
@pytest.mark.parametrize(
    ("base", "changes", "found"),
    [
        (TEXT, {"mode": None}, ("input.mode", "required")),
        (TEXT, {"mode": "text"}, ("input.mode", "not_allowed")),
        (TEXT, {"video_url": None}, ("input.video_url", "required")),
        (TEXT, {"video_id": "8711"}, ("input.video_id", "exclusive")),
        (TEXT, {"text": ""}, ("input.text", "required")),
        (TEXT, {"text": "x" * 121}, ("input.text", "too_long")),
        (TEXT, {"voice_id": None}, ("input.voice_id", "required")),
        (TEXT, {"voice_id": "a b"}, ("input.voice_id", "not_allowed")),
        (TEXT, {"voice_language": "de"}, ("input.voice_language", "not_allowed")),
        (TEXT, {"voice_speed": 0.7}, ("input.voice_speed", "out_of_range")),
        (TEXT, {"voice_speed": 2.1}, ("input.voice_speed", "out_of_range")),
        (TEXT, {"voice_speed": 1.25}, ("input.voice_speed", "too_precise")),
        (TEXT, {"audio_url": HELLO}, ("input.audio_url", "exclusive")),
        (TEXT, {"audio_file": BASE64}, ("input.audio_file", "exclusive")),
        (SOUND, {"audio_url": HELLO}, ("input.audio_type", "required")),
        (SOUND, {"audio_type": "mp3"}, ("input.audio_type", "not_allowed")),
        (SOUND, {"audio_type": "url"}, ("input.audio_url", "required")),
        (SOUND, {"audio_type": "file"}, ("input.audio_file", "required")),
        (SOUND, {"audio_type": "file", "audio_file": "?"}, ("input.audio_file", "not_allowed")),
        (
            SOUND,
            {"audio_type": "url", "audio_url": HELLO, "audio_file": BASE64},
            ("input.audio_file", "exclusive"),
        ),
        (
            SOUND,
            {"audio_type": "url", "audio_url": HELLO, "text": "Hello"},
            ("input.text", "exclusive"),
        ),
    ],
)
def test_it_refuses_what_does_not_go(
    dialect: str, base: dict[str, Any], changes: dict[str, Any], found: tuple[str, str]
) -> None:
    assert refused(OPERATION, dialect, **given(base, **changes)) == [found]


def test_it_refuses_an_input_that_is_none() -> None:
    assert refused(OPERATION, input=None) == [("input", "required")]
    assert refused(OPERATION, input="text") == [("input", "wrong_type")]
    assert refused(OPERATION, "cloudsway") == [("operation", "not_offered")]


@served
@pytest.mark.parametrize(
    ("seconds", "units"), [(2, "0.5"), (3, "0.5"), (5, "0.5"), (5.041, "1"), (6, "1"), (10, "1")]
)
def test_a_video_costs_half_a_unit_for_each_five_seconds_begun(
    dialect: str, seconds: float, units: str
) -> None:
    request = asked(dialect, given(TEXT), seconds)
    assert (str(request.units.amount), request.units.unit_type) == (units, "video")


@served
@pytest.mark.parametrize(
    ("seconds", "units"), [(5, "0.5"), (5.041, "0.5"), (10, "1"), (10.041, "1")]
)
def test_a_video_of_kling_s_own_costs_what_its_length_was_asked_for(
    dialect: str, seconds: float, units: str
) -> None:
    values = given(TEXT, video_url=None, video_id="8711")
    assert str(asked(dialect, values, seconds).units.amount) == units


@pytest.mark.parametrize("seconds", [3, 4.4, 7, 9.066])
def test_of_kling_s_own_it_takes_two_lengths(seconds: float) -> None:
    values = given(TEXT, video_url=None, video_id="8711")
    media: dict[str, Media] = {"input.video_id": clip(seconds)}
    assert refused(OPERATION, media=media, **values) == [("input.video_id", "out_of_range")]


def test_without_the_length_of_the_video_there_is_no_price() -> None:
    assert refused(OPERATION) == [("input.video_url", "unknown_length")]


def test_the_task_is_found_in_the_list_that_the_page_shows(provider: ScriptedProvider) -> None:
    provider.answer(payload("answers/official_lip_sync_in_a_list"))
    task = provider.client("official").get("videos/lip-sync", "871100000000000001")
    assert (task.status, [one.kind for one in task.outputs]) == ("succeed", ["video"])
    assert provider.received[0].path == "/v1/videos/lip-sync/871100000000000001"
