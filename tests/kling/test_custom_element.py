"""Custom element: from images or from a clip, with a voice and tags."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kling.errors import NotPriced
from kling.media import Media
from kling.requests import parse
from tests.kling.conftest import payload
from tests.kling.inputs import SMALLEST, TODAY, ask, refused

OPERATION = "custom-element"
FOX = "https://files.example/fox.png"
CLIP = "element_video_list.refer_videos.0.video_url"
FROM_VIDEO: dict[str, Any] = {
    "reference_type": "video_refer",
    "element_image_list": None,
    "element_video_list": {"refer_videos": [{"video_url": "https://files.example/fox.mp4"}]},
}


def views(count: int) -> dict[str, Any]:
    return {"frontal_image": FOX, "refer_images": [{"image_url": FOX} for _ in range(count)]}


def clip(width: int, height: int, seconds: str = "5", media_type: str = "video/mp4") -> Media:
    return Media("video", media_type, 1000, width, height, seconds=Decimal(seconds))


def test_what_it_costs_the_operator_says() -> None:
    with pytest.raises(NotPriced):
        parse(OPERATION, SMALLEST[OPERATION], dialect="official", today=TODAY)
    rates = {OPERATION: Decimal("0.5")}
    request = parse(OPERATION, SMALLEST[OPERATION], dialect="official", rates=rates, today=TODAY)
    assert request.units.amount == Decimal("0.5")
    assert request.operation.result_kind == "element"


@pytest.mark.parametrize("count", [1, 3])
def test_it_takes_one_to_three_other_views(count: int) -> None:
    request = ask(OPERATION, element_image_list=views(count))
    assert len(request.spots()) == count + 1


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"element_name": "x" * 21}, ("element_name", "too_long")),
        ({"element_name": None}, ("element_name", "required")),
        ({"element_description": "x" * 101}, ("element_description", "too_long")),
        ({"element_description": None}, ("element_description", "required")),
        ({"reference_type": None}, ("reference_type", "required")),
        ({"reference_type": "words"}, ("reference_type", "not_allowed")),
        ({"element_image_list": None}, ("element_image_list", "required")),
        (
            {"element_image_list": views(0)},
            ("element_image_list.refer_images", "too_few"),
        ),
        (
            {"element_image_list": views(4)},
            ("element_image_list.refer_images", "too_many"),
        ),
        (
            {"element_image_list": {"refer_images": [{"image_url": FOX}]}},
            ("element_image_list.frontal_image", "required"),
        ),
        (
            {"element_video_list": FROM_VIDEO["element_video_list"]},
            ("element_video_list", "exclusive"),
        ),
        (FROM_VIDEO | {"element_video_list": None}, ("element_video_list", "required")),
        (FROM_VIDEO | {"element_image_list": views(1)}, ("element_image_list", "exclusive")),
        (
            FROM_VIDEO | {"element_video_list": {"refer_videos": []}},
            ("element_video_list.refer_videos", "too_few"),
        ),
        (
            FROM_VIDEO | {"element_video_list": {"refer_videos": [{"video_url": FOX}] * 2}},
            ("element_video_list.refer_videos", "too_many"),
        ),
        ({"tag_list": [{"tag_id": "o_109"}]}, ("tag_list.0.tag_id", "not_allowed")),
        ({"element_voice_id": "a b"}, ("element_voice_id", "not_allowed")),
    ],
)
def test_it_refuses_what_does_not_go(given: dict[str, Any], found: tuple[str, str]) -> None:
    assert refused(OPERATION, **given) == [found]


@pytest.mark.parametrize(
    "found",
    [
        clip(1920, 1080, "3"),
        clip(1080, 1920, "8", "video/quicktime"),
    ],
)
def test_it_takes_a_clip_in_1080p(found: Media) -> None:
    assert ask(OPERATION, media={CLIP: found}, **FROM_VIDEO).units.amount > 0


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (clip(1280, 720), "wrong_size"),
        (clip(1080, 1080), "wrong_size"),
        (clip(3840, 2160), "wrong_size"),
        (clip(1920, 1080, "2.999"), "out_of_range"),
        (clip(1920, 1080, "8.001"), "out_of_range"),
        (clip(1920, 1080, media_type="video/webm"), "unsupported_media_type"),
    ],
)
def test_it_refuses_other_clips(found: Media, code: str) -> None:
    assert refused(OPERATION, media={CLIP: found}, **FROM_VIDEO) == [(CLIP, code)]


@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway"])
def test_only_kling_itself_has_it(dialect: str) -> None:
    assert refused(OPERATION, dialect) == [("operation", "not_offered")]


def test_it_sends_the_example_of_the_page() -> None:
    page = payload("requests/official_custom_element")
    ours = {"external_task_id": "fox-1", "callback_url": "https://studio.example.net/hook"}
    request = ask(OPERATION, **page | dict.fromkeys(ours))
    body = request.wire_body(**ours)
    assert body == page | {"external_task_id": "fox-1"}


def test_it_sends_links_to_the_files_wherever_they_stand() -> None:
    request = ask(OPERATION, element_voice_id="871100000000000006")
    link = "https://studio.example.net/files/{}"
    paths = [spot.path for spot in request.spots() if spot.rule]
    files = {path: link.format(place) for place, path in enumerate(paths)}
    body = request.wire_body(external_task_id="fox-1", files=files)
    assert body["element_image_list"] == {
        "frontal_image": link.format(0),
        "refer_images": [{"image_url": link.format(1)}],
    }
    assert body["element_voice_id"] == "871100000000000006"
