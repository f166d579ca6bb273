"""Video to audio: a video of Kling's, or any other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kling.media import Media
from tests.kling.inputs import ask, clip, errors_of, refused

OPERATION = "video-to-audio"
FOX = "https://files.example/fox.mp4"
BY_ID: dict[str, Any] = {"video_url": None, "video_id": "868890154063794228"}
SERVING = ["cometapi", "official"]


def test_cloudsway_has_no_such_page() -> None:
    (error,) = errors_of(OPERATION, {"video_url": FOX}, "cloudsway")
    assert (error.field, error.code) == ("operation", "not_offered")


@pytest.mark.parametrize("dialect", SERVING)
@pytest.mark.parametrize("given", [{}, BY_ID, {"video_url": None, "video_id": 868890154063794228}])
def test_it_costs_the_same_for_every_video(dialect: str, given: dict[str, Any]) -> None:
    request = ask(OPERATION, dialect, **given)
    assert (str(request.units.amount), request.units.unit_type) == ("0.25", "video")
    sent = request.wire_body(external_task_id="fox-1")
    expected = {"video_id": "868890154063794228"} if given else {"video_url": FOX}
    assert sent == expected | {"external_task_id": "fox-1"}


@pytest.mark.parametrize("dialect", SERVING)
def test_it_wants_one_video(dialect: str) -> None:
    assert refused(OPERATION, dialect, video_url=None) == [("video_url", "required")]
    assert refused(OPERATION, dialect, video_id="1") == [("video_id", "exclusive")]


def test_a_video_of_ours_goes_out_under_the_id_that_kling_gave_it() -> None:
    request = ask(OPERATION, "official", video_url="ast_fox")
    sent = request.wire_body(external_task_id="fox-1", ids={"video_url": "868890154063794228"})
    assert sent == {"video_id": "868890154063794228", "external_task_id": "fox-1"}


@pytest.mark.parametrize("dialect", SERVING)
@pytest.mark.parametrize("field", ["video_url", "video_id"])
@pytest.mark.parametrize(("seconds", "is_taken"), [(2.999, 0), (3, 1), (20, 1), (20.001, 0)])
def test_it_takes_3_to_20_seconds(dialect: str, field: str, seconds: float, is_taken: int) -> None:
    given: dict[str, Any] = {
        "media": {field: clip(seconds)},
        **(BY_ID if field == "video_id" else {}),
    }
    if is_taken:
        assert field in ask(OPERATION, dialect, **given).input
    else:
        assert refused(OPERATION, dialect, **given) == [(field, "out_of_range")]


@pytest.mark.parametrize(
    ("size", "code"), [((1080, 600), "too_small"), ((3840, 2160), "too_large"), ((1080, 1920), "")]
)
def test_only_cometapi_names_a_size(size: tuple[int, int], code: str) -> None:
    media = {"video_url": clip(5, width=size[0], height=size[1])}
    assert ask(OPERATION, "official", media=media).input["video_url"] == FOX
    if code:
        assert refused(OPERATION, "cometapi", media=media) == [("video_url", code)]
    else:
        assert ask(OPERATION, "cometapi", media=media).input["video_url"] == FOX


@pytest.mark.parametrize(
    ("media", "code"),
    [
        (replace(clip(5), bytes=100 * 1024 * 1024 + 1), "too_large"),
        (replace(clip(5), media_type="video/webm"), "unsupported_media_type"),
    ],
)
def test_it_refuses_other_files(media: Media, code: str) -> None:
    assert refused(OPERATION, media={"video_url": media}) == [("video_url", code)]


WISHES: dict[str, Any] = {"sound_effect_prompt": "Paws", "bgm_prompt": "A harp", "asmr_mode": True}


def test_kling_itself_takes_wishes() -> None:
    assert ask(OPERATION, "official", **WISHES).input == {"video_url": FOX, **WISHES}
    for field in ("sound_effect_prompt", "bgm_prompt"):
        longest: dict[str, Any] = {field: "x" * 200}
        assert ask(OPERATION, **longest).input.items() >= longest.items()
        assert refused(OPERATION, **{field: "x" * 201}) == [(field, "too_long")]


@pytest.mark.parametrize("field", WISHES)
def test_cometapi_takes_none(field: str) -> None:
    assert refused(OPERATION, "cometapi", **{field: WISHES[field]}) == [(field, "not_offered")]
