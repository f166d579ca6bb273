"""Lip-sync: what is asked, what is checked, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from kling.media import Face, Media
from tests.kling.conftest import payload
from tests.kling.inputs import ask, clip, refused, speech

OPERATION = "lip-sync"
FACE = "face_choose.0"
SOUND = f"{FACE}.sound_file"
HELLO = "https://files.example/hello.mp3"


def known(video: float = 10, sound: float = 5, source: str = "video_url") -> dict[str, Media]:
    return {source: clip(video), SOUND: speech(sound)}


def face(**choice: Any) -> dict[str, Any]:
    values = {"sound_file": HELLO} | choice
    return {"face_choose": [{name: one for name, one in values.items() if one is not None}]}


def test_comet_gets_its_own_words_and_numbers_as_text() -> None:
    page = payload("requests/cometapi_lip_sync")
    request = ask(OPERATION, "cometapi", media=known(), **{"video_url": None} | page)
    assert request.wire_body(external_task_id="fox-1") == page | {"external_task_id": "fox-1"}
    assert request.input["face_choose"][0]["original_audio_volume"] == 2
    assert request.step is None


def test_kling_gets_numbers() -> None:
    page = payload("requests/cometapi_lip_sync")
    body = ask(OPERATION, media=known(), **{"video_url": None} | page).wire_body(
        external_task_id="fox-1"
    )
    assert body["face_choose"] == [
        {
            "face_id": "0",
            "sound_file": HELLO,
            "sound_start_time": 0,
            "sound_end_time": 3000,
            "sound_insert_time": 1000,
            "sound_volume": 2,
            "original_audio_volume": 2,
        }
    ]


def test_what_is_left_out_follows_from_the_sound() -> None:
    (choice,) = ask(OPERATION, media=known(sound=3.056), **face()).input["face_choose"]
    assert choice == {
        "sound_file": HELLO,
        "sound_start_time": 0,
        "sound_end_time": 3056,
        "sound_insert_time": 0,
    }


def test_without_a_known_length_the_end_has_to_be_said() -> None:
    media = {"video_url": clip(10)}
    assert refused(OPERATION, media=media, **face()) == [(f"{FACE}.sound_end_time", "required")]
    given = face(sound_file=None, audio_id="8801", sound_end_time=4000)
    assert ask(OPERATION, media=media, **given).input["face_choose"][0]["audio_id"] == "8801"


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"sound_end_time": 1999}, "sound_end_time"),
        ({"sound_start_time": 4000}, "sound_end_time"),
        ({"sound_start_time": 3001, "sound_end_time": 5000}, "sound_end_time"),
        ({"sound_end_time": 5001}, "sound_end_time"),
        ({"sound_insert_time": 5001}, "sound_insert_time"),
    ],
)
def test_the_sound_has_to_lie_in_itself_and_in_the_video(
    choice: dict[str, Any], field: str
) -> None:
    errors = refused(OPERATION, media=known(video=10, sound=5), **face(**choice))
    assert errors == [(f"{FACE}.{field}", "mismatch")]


@pytest.mark.parametrize(
    "choice",
    [
        {"sound_end_time": 2000},
        {"sound_end_time": "2000.0"},
        {"sound_start_time": 3000, "sound_end_time": 5000},
        {"sound_insert_time": 5000},
    ],
)
def test_it_may_reach_the_very_end(choice: dict[str, Any]) -> None:
    assert ask(OPERATION, media=known(video=10, sound=5), **face(**choice)).step is not None


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"video_url": None}, [("video_url", "required")]),
        ({"video_id": "8701"}, [("video_id", "exclusive")]),
        ({"session_id": "s-1"}, [("session_id", "exclusive")]),
        (
            {"video_url": None, "session_id": "s-1"},
            [(f"{FACE}.face_id", "required")],
        ),
        (face(sound_file=None), [(f"{FACE}.sound_file", "required")]),
        (face(audio_id="8801"), [(f"{FACE}.audio_id", "exclusive")]),
        (face(sound_volume=2.1), [(f"{FACE}.sound_volume", "out_of_range")]),
        (face(sound_volume="-0.5"), [(f"{FACE}.sound_volume", "out_of_range")]),
        (face(sound_volume="loud"), [(f"{FACE}.sound_volume", "wrong_type")]),
        (face(sound_insert_time=-1), [(f"{FACE}.sound_insert_time", "out_of_range")]),
        (face(sound_insert_time=0.5), [(f"{FACE}.sound_insert_time", "wrong_type")]),
        ({"face_choose": None}, [("face_choose", "required")]),
        ({"face_choose": face()["face_choose"] * 2}, [("face_choose", "too_many")]),
    ],
)
def test_it_names_what_is_wrong(given: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    asked = {**face(sound_end_time=3000), **given}
    if "face_choose" in given and given["face_choose"] and len(given["face_choose"]) == 1:
        asked["face_choose"] = [{"sound_end_time": 3000, **given["face_choose"][0]}]
    assert refused(OPERATION, media={"video_url": clip(10)}, **asked) == errors


@pytest.mark.parametrize(
    ("media", "code"),
    [
        ({"video_url": clip(60.1)}, "out_of_range"),
        ({"video_url": clip(1.9)}, "out_of_range"),
        ({"video_url": clip(5, width=511)}, "too_small"),
        ({"video_url": clip(5, height=2161)}, "too_large"),
    ],
)
def test_it_looks_at_the_video(media: dict[str, Media], code: str) -> None:
    # Some of the times cannot fit into such a video either.
    errors = refused(OPERATION, media=media, **face(sound_end_time=2000))
    assert ("video_url", code) in errors
    assert refused("identify-face", media=media) == [("video_url", code)]


@pytest.mark.parametrize(
    ("video", "units"), [(3, "0.55"), (5, "0.55"), (5.041, "1.05"), (10, "1.05"), (60, "6.05")]
)
def test_each_five_seconds_cost_and_so_does_finding_the_face(video: float, units: str) -> None:
    request = ask(OPERATION, media=known(video=video, sound=2), **face())
    assert str(request.units.amount) == units
    lines = [(line.label.split(":")[0], str(line.amount)) for line in request.units.breakdown]
    assert lines[1] == ("Identify faces", "0.05")


@pytest.mark.parametrize(
    ("media", "units"),
    [
        (known(video=12, sound=5, source="session_id"), "1.5"),
        ({SOUND: speech(5)}, "1"),  # the sound ends after 6 seconds of a video nobody knows
    ],
)
def test_with_a_session_nothing_is_looked_for(media: dict[str, Media], units: str) -> None:
    given = face(face_id="0", sound_insert_time=1000)
    request = ask(OPERATION, media=media, video_url=None, session_id="s-1", **given)
    assert request.step is None
    assert str(request.units.amount) == units


@pytest.mark.parametrize(
    ("choice", "errors"),
    [
        ({"face_id": "0"}, []),
        ({"face_id": "1", "sound_insert_time": 4000}, []),
        ({"face_id": "7"}, [(f"{FACE}.face_id", "not_found")]),
        ({"face_id": "1"}, [(f"{FACE}.sound_insert_time", "mismatch")]),
        ({"face_id": None}, [(f"{FACE}.face_id", "required")]),
    ],
)
@pytest.mark.parametrize("seconds", [10, None])
def test_the_face_must_be_one_that_was_found(
    seconds: int | None, choice: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    faces = (Face("0", 0, 9000), Face("1", 4000, 9000))
    video = replace(clip(10), seconds=None if seconds is None else Decimal(seconds), faces=faces)
    given = {"video_url": None, "session_id": "s-1", **face(**choice)}
    media = {"session_id": video, SOUND: speech(3)}
    if errors:
        assert refused(OPERATION, media=media, **given) == errors
    else:
        assert ask(OPERATION, media=media, **given).step is None


def test_without_the_length_of_the_video_it_has_no_price() -> None:
    media = {SOUND: speech(5)}
    assert refused(OPERATION, media=media, **face()) == [("video_url", "unknown_length")]


def test_cloudsway_does_not_have_it() -> None:
    assert refused(OPERATION, "cloudsway") == [("operation", "not_offered")]
    assert refused("identify-face", "cloudsway") == [("operation", "not_offered")]


def test_its_first_step_is_no_task_that_could_be_asked_about() -> None:
    request = ask("identify-face", "cometapi", video_url=None, video_id="8701")
    body = request.wire_body(external_task_id="fox-1", callback_url="https://a.example/hook")
    assert body == {"video_id": "8701"}
    assert (str(request.units.amount), request.operation.listed) == ("0.05", False)
    assert refused("identify-face", video_id="8701") == [("video_id", "exclusive")]
    assert refused("identify-face", video_url=None) == [("video_url", "required")]
