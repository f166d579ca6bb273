"""Avatar: charged by the second of what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kling.errors import InvalidInput
from kling.media import Media
from kling.requests import parse
from tests.kling.inputs import SMALLEST, TODAY, ask, errors_of, refused, speech

OPERATION = "avatar"
SERVING = ["cometapi", "official"]
SOUND = "https://files.example/hello.mp3"
BY_ID: dict[str, Any] = {"sound_file": None, "audio_id": "871100000000000042"}


def known(seconds: float, field: str = "sound_file") -> dict[str, Media]:
    return {field: speech(seconds)}


def test_cloudsway_has_no_such_page() -> None:
    (error,) = errors_of(OPERATION, SMALLEST[OPERATION], "cloudsway")
    assert (error.field, error.code) == ("operation", "not_offered")


@pytest.mark.parametrize("dialect", SERVING)
@pytest.mark.parametrize(
    ("seconds", "mode", "units"),
    [(2, "std", "0.8"), (5, "std", "2"), (5, "pro", "4"), (4.1, "pro", "4"), (60, "std", "24")],
)
def test_it_counts_whole_seconds(dialect: str, seconds: float, mode: str, units: str) -> None:
    request = ask(OPERATION, dialect, mode=mode, media=known(seconds))
    assert (str(request.units.amount), request.units.unit_type) == (units, "video")


def test_it_says_the_mode_that_it_counts() -> None:
    request = ask(OPERATION, media=known(5))
    assert request.input["mode"] == "std"
    assert request.units.breakdown[0].label == "Avatar, std: 5 seconds at 0.4 each"
    assert refused(OPERATION, mode="4k", media=known(5)) == [("mode", "not_allowed")]


@pytest.mark.parametrize("given", [{}, BY_ID])
def test_it_does_not_guess_the_length(given: dict[str, Any]) -> None:
    field = "audio_id" if given else "sound_file"
    assert refused(OPERATION, **given) == [(field, "unknown_length")]


def test_speech_of_klings_is_charged_by_its_length() -> None:
    request = ask(OPERATION, media=known(3, "audio_id"), **BY_ID)
    assert str(request.units.amount) == "1.2"
    assert request.wire_body(external_task_id="fox-1") == {
        "image": "https://files.example/ada.png",
        "audio_id": "871100000000000042",
        "mode": "std",
        "external_task_id": "fox-1",
    }


@pytest.mark.parametrize("dialect", SERVING)
def test_it_wants_one_sound(dialect: str) -> None:
    assert refused(OPERATION, dialect, sound_file=None) == [("sound_file", "required")]
    found = refused(OPERATION, dialect, audio_id="1", media=known(5))
    assert found == [("audio_id", "exclusive")]


@pytest.mark.parametrize("dialect", SERVING)
def test_it_wants_an_image(dialect: str) -> None:
    assert refused(OPERATION, dialect, image=None, media=known(5)) == [("image", "required")]


@pytest.mark.parametrize("field", ["sound_file", "audio_id"])
@pytest.mark.parametrize(
    ("dialect", "seconds", "is_taken"),
    [
        ("cometapi", 1.999, False),
        ("cometapi", 2, True),
        ("cometapi", 60, True),
        ("cometapi", 60.001, False),
        ("official", 1.999, False),
        ("official", 60.001, True),
        ("official", 300, True),
        ("official", 300.001, False),
    ],
)
def test_each_page_has_its_own_longest(
    field: str, dialect: str, seconds: float, is_taken: bool
) -> None:
    given: dict[str, Any] = {
        "media": known(seconds, field),
        **(BY_ID if field == "audio_id" else {}),
    }
    if is_taken:
        assert field in ask(OPERATION, dialect, **given).input
    else:
        assert refused(OPERATION, dialect, **given) == [(field, "out_of_range")]


@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/wav", "audio/mp4", "audio/aac"])
def test_it_takes_four_kinds_of_sound(media_type: str) -> None:
    media = {"sound_file": replace(speech(5), media_type=media_type)}
    assert ask(OPERATION, media=media).input["sound_file"] == SOUND


@pytest.mark.parametrize(
    ("media", "code"),
    [
        (replace(speech(5), media_type="audio/flac"), "unsupported_media_type"),
        (replace(speech(5), bytes=5 * 1024 * 1024 + 1), "too_large"),
    ],
)
def test_it_refuses_other_sound(media: Media, code: str) -> None:
    assert refused(OPERATION, media={"sound_file": media}) == [("sound_file", code)]


def test_only_kling_itself_makes_a_watermark() -> None:
    given: dict[str, Any] = {"watermark_info": {"enabled": True}, "media": known(5)}
    assert ask(OPERATION, "official", **given).input["watermark_info"] == {"enabled": True}
    assert refused(OPERATION, "cometapi", **given) == [("watermark_info", "not_offered")]


def test_sound_in_base64_goes_out_bare() -> None:
    text = "SUQzBAAAAAAAI1RTU0UAAAAPAAAD"
    values = SMALLEST[OPERATION] | {"sound_file": f"data:audio/mpeg;base64,{text}"}
    request = parse(OPERATION, values, dialect="cometapi", media=known(5), today=TODAY)
    assert request.wire_body(external_task_id="fox-1")["sound_file"] == text


def test_the_page_of_cometapi_lacks_a_sound() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(OPERATION, {"image": "ast_ada"}, dialect="cometapi", today=TODAY)
    assert [error.field for error in caught.value.errors] == ["sound_file"]
