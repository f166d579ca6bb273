"""Text to speech: 1,000 characters, a voice, an answer at once."""

from __future__ import annotations

from typing import Any

import pytest

from kling import dialects, voices
from kling.schema import input_schema
from tests.kling.conftest import ScriptedProvider, payload
from tests.kling.inputs import TODAY, ask, refused

OPERATION = "text-to-speech"
HOOK = "https://studio.example.net/hook"
BODY = {"text": "Hello", "voice_id": "oversea_male1", "voice_language": "zh", "voice_speed": 1}
served = pytest.mark.parametrize("dialect", ["cometapi", "official"])


@served
def test_it_sends_no_more_than_the_page_has(dialect: str) -> None:
    body = ask(OPERATION, dialect).wire_body(external_task_id="fox-1", callback_url=HOOK)
    assert body == BODY


@served
@pytest.mark.parametrize("text", ["a", "x" * 1000, "你好" * 500])
def test_a_call_costs_the_same_at_any_length(dialect: str, text: str) -> None:
    units = ask(OPERATION, dialect, text=text).units
    assert (str(units.amount), units.unit_type) == ("0.05", "video")


@served
@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"text": "x" * 1001}, ("text", "too_long")),
        ({"text": " "}, ("text", "required")),
        ({"voice_id": ""}, ("voice_id", "required")),
        ({"voice_id": "../voices"}, ("voice_id", "not_allowed")),
        ({"voice_id": "x" * 201}, ("voice_id", "too_long")),
        ({"voice_language": "de"}, ("voice_language", "not_allowed")),
        ({"voice_speed": 0.7}, ("voice_speed", "out_of_range")),
        ({"voice_speed": 2.1}, ("voice_speed", "out_of_range")),
        ({"voice_speed": 1.25}, ("voice_speed", "too_precise")),
        ({"voice_speed": "fast"}, ("voice_speed", "wrong_type")),
        ({"watermark_info": {"enabled": True}}, ("watermark_info", "unknown_field")),
        ({"callback_url": HOOK}, ("callback_url", "reserved_field")),
    ],
)
def test_it_refuses_what_does_not_go(
    dialect: str, given: dict[str, Any], found: tuple[str, str]
) -> None:
    assert refused(OPERATION, dialect, **given) == [found]


@served
@pytest.mark.parametrize(("given", "sent"), [(0.8, 0.8), (2, 2), ("1.5", 1.5), (1.0, 1)])
def test_it_sends_the_speed_as_a_number(dialect: str, given: object, sent: float) -> None:
    body = ask(OPERATION, dialect, voice_speed=given).wire_body(external_task_id="fox-1")
    assert body["voice_speed"] == sent
    assert type(body["voice_speed"]) is type(sent)


@pytest.mark.parametrize("voice", ["871100000000000006", 871100000000000006, "reader_en_m-v1"])
def test_it_takes_kling_s_voices_and_others(voice: object) -> None:
    request = ask(OPERATION, voice_id=voice, voice_language="en")
    assert request.input["voice_id"] == str(voice)
    (spot,) = request.spots()
    assert spot.source is not None
    assert (spot.path, spot.source.kind, spot.source.presets) == ("voice_id", "voice", True)


def test_cloudsway_has_none() -> None:
    assert refused(OPERATION, "cloudsway") == [("operation", "not_offered")]


@served
def test_it_answers_at_once_without_callback_or_id(dialect: str) -> None:
    via = dialects.get(dialect)
    assert ask(OPERATION, dialect).operation.synchronous
    assert not via.takes_callbacks(OPERATION)
    assert not via.finds_by_external_id(OPERATION)


def test_forms_can_offer_kling_s_own_voices() -> None:
    field = input_schema(OPERATION, "official", today=TODAY)["properties"]["voice_id"]
    assert field["x-source"] == "voice"
    assert {voice["id"]: voice["languages"] for voice in field["x-presets"]} == {
        "oversea_male1": ["en"],
        "reader_en_m-v1": ["en"],
        "commercial_lady_en_f-v1": ["en"],
        "genshin_vindi2": ["zh", "en"],
        "ai_shatang": ["zh", "en"],
    }
    assert "enum" not in field


@pytest.mark.parametrize("voice", voices.presets(), ids=lambda voice: voice.id)
def test_every_voice_on_offer_can_speak(voice: voices.PresetVoice) -> None:
    assert voice.title
    for language in voice.languages:
        request = ask(OPERATION, voice_id=voice.id, voice_language=language)
        assert request.input["voice_language"] == language


@served
def test_the_result_comes_with_the_answer_and_can_be_asked_for_again(
    provider: ScriptedProvider, dialect: str
) -> None:
    for _ in range(2):
        provider.answer(payload("answers/official_speech_succeeded_at_once"))
    client, request = provider.client(dialect), ask(OPERATION, dialect)
    task = client.submit(request, external_task_id="fox-1", callback_url=HOOK)
    assert task.is_final
    (speech,) = task.outputs
    assert (speech.kind, speech.duration, task.unit_deduction) == ("audio", "2.3", "0.05")
    assert client.get(request.operation.path, task.task_id) == task
    posted, asked = provider.received
    assert posted.json == BODY
    assert posted.path.endswith("/v1/audio/tts")
    assert (asked.method, asked.path) == ("GET", f"{posted.path}/{task.task_id}")
