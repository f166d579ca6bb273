"""Omni video: pictures, elements and a video, and what goes with what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kling.conftest import payload
from tests.kling.inputs import TODAY, ask, clip, refused, shots

OPERATION = "omni-video"
O1 = "kling-video-o1"
SOURCE = "video_list.0.video_url"


def pictures(*kinds: str | None) -> list[dict[str, str]]:
    return [
        {"image_url": f"https://files.example/{number}.png"} | ({"type": kind} if kind else {})
        for number, kind in enumerate(kinds)
    ]


def elements(count: int) -> list[dict[str, str]]:
    return [{"element_id": str(160 + number)} for number in range(count)]


def source(use: str, **more: str) -> list[dict[str, str]]:
    return [{"video_url": "https://files.example/fox.mp4", "refer_type": use, **more}]


@pytest.mark.parametrize(
    ("example", "added", "media"),
    [
        ("official_omni_video_frames", {"duration": "5"}, {}),
        ("official_omni_video_references", {}, {}),
        ("official_omni_video_edit", {}, {SOURCE: clip(5)}),
    ],
)
def test_it_sends_the_pages_own_examples(
    example: str, added: dict[str, Any], media: dict[str, Any]
) -> None:
    page = payload(f"requests/{example}")
    asked: dict[str, Any] = {"aspect_ratio": None} | page
    request = ask(OPERATION, media=media, **asked)
    assert request.wire_body(external_task_id="fox-1") == page | added | {
        "external_task_id": "fox-1"
    }


@pytest.mark.parametrize(
    ("dialect", "model"),
    [("cometapi", O1), ("cloudsway", "kling-v3-omni"), ("official", "kling-v3-omni")],
)
def test_each_provider_has_its_model_and_pro_unless_told(dialect: str, model: str) -> None:
    request = ask(OPERATION, dialect)
    assert (request.model, request.input["mode"]) == (model, "pro")
    other = "kling-v3-omni" if model == O1 else O1
    if dialect != "official":
        assert refused(OPERATION, dialect, model_name=other) == [("model_name", "not_offered")]


@pytest.mark.parametrize(
    ("given", "units"),
    [
        ({"mode": "std"}, "3"),
        ({"mode": "std", "sound": "on"}, "4"),
        ({}, "4"),
        ({"sound": "on"}, "5"),
        ({"mode": "4k", "sound": "on"}, "15"),
        ({"duration": "15"}, "12"),
        ({"mode": "std", "video_list": source("feature")}, "4.5"),
        ({"video_list": source("feature")}, "6"),
        ({"mode": "4k", "video_list": source("feature")}, "15"),
        ({"model_name": O1, "mode": "std"}, "3"),
        ({"model_name": O1, "duration": "10"}, "8"),
        ({"model_name": O1, "mode": "std", "video_list": source("feature")}, "4.5"),
        ({"model_name": O1, "video_list": source("feature"), "duration": "7"}, "8.4"),
    ],
)
def test_it_counts_the_units_of_the_table(given: dict[str, Any], units: str) -> None:
    assert str(ask(OPERATION, **given).units.amount) == units


def test_a_video_that_is_changed_is_billed_by_its_own_length() -> None:
    given: dict[str, Any] = {
        "aspect_ratio": None,
        "video_list": source("base"),
        "duration": "15",
        "mode": "std",
    }
    request = ask(OPERATION, media={SOURCE: clip(7.2)}, **given)
    assert str(request.units.amount) == "7.2"  # 0.9 for each of 8 seconds
    assert "duration" not in request.input
    assert "with a video" in request.units.breakdown[0].label
    assert refused(OPERATION, **given) == [(SOURCE, "unknown_length")]


def test_elements_go_as_whole_numbers() -> None:
    body = ask(OPERATION, element_list=elements(1)).wire_body(external_task_id="fox-1")
    assert body["element_list"] == [{"element_id": 160}]


@pytest.mark.parametrize(
    ("images", "count", "video", "field"),
    [
        (7, 0, False, None),
        (4, 3, False, None),
        (4, 4, False, "element_list"),
        (2, 2, True, None),
        (5, 0, True, "image_list"),
        (2, 3, True, "element_list"),
    ],
)
def test_pictures_and_elements_are_counted_together(
    images: int, count: int, video: bool, field: str | None
) -> None:
    given: dict[str, Any] = {"image_list": pictures(*[None] * images)}
    given |= {"element_list": elements(count)} if count else {}
    given |= {"video_list": source("feature")} if video else {}
    if field is None:
        assert ask(OPERATION, **given).input["image_list"]
    else:
        assert refused(OPERATION, **given) == [(field, "too_many_together")]


@pytest.mark.parametrize(
    ("kinds", "count", "errors"),
    [
        (["first_frame"], 3, []),
        (["first_frame"], 4, [("element_list", "too_many_together")]),
        (["first_frame", "end_frame"], 0, []),
        (["end_frame"], 0, [("image_list.0.type", "exclusive")]),
        (["first_frame", "first_frame"], 0, [("image_list.1.type", "exclusive")]),
        (["first_frame", "end_frame", None], 0, [("image_list.1.type", "exclusive")]),
        (["first_frame", None, None], 0, []),
    ],
)
def test_frames_have_rules_of_their_own(
    kinds: list[str | None], count: int, errors: list[tuple[str, str]]
) -> None:
    has_first = "first_frame" in kinds
    given: dict[str, Any] = {"image_list": pictures(*kinds)}
    given |= {"aspect_ratio": None} if has_first else {}
    given |= {"element_list": elements(count)} if count else {}
    if errors:
        assert refused(OPERATION, **given) == errors
    else:
        assert ask(OPERATION, **given).units.amount == 4


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"aspect_ratio": None}, "required"),
        ({"aspect_ratio": None, "image_list": pictures(None)}, "required"),
        ({"image_list": pictures("first_frame")}, "exclusive"),
        ({"video_list": source("base")}, "exclusive"),
        ({"aspect_ratio": None, "video_list": source("feature")}, None),
        ({"video_list": source("feature")}, None),
    ],
)
def test_an_aspect_ratio_is_for_what_has_none(given: dict[str, Any], code: str | None) -> None:
    if code is None:
        assert ask(OPERATION, **given).input["video_list"]
    else:
        assert refused(OPERATION, media={SOURCE: clip(5)}, **given) == [("aspect_ratio", code)]


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ({}, False),
        ({"aspect_ratio": None, "image_list": pictures("first_frame")}, False),
        ({"aspect_ratio": None, "image_list": pictures("first_frame", "end_frame")}, True),
        ({"image_list": pictures(None)}, True),
        ({"element_list": elements(1)}, True),
        ({"video_list": source("feature")}, True),
    ],
)
def test_the_older_model_has_two_lengths_without_more_than_a_first_frame(
    given: dict[str, Any], is_taken: bool
) -> None:
    for dialect in ("cometapi", "official"):
        asked = {"model_name": O1, "duration": 7, **given}
        if is_taken:
            assert ask(OPERATION, dialect, **asked).input["duration"] == "7"
        else:
            assert refused(OPERATION, dialect, **asked) == [("duration", "exclusive")]
        assert ask(OPERATION, dialect, **asked | {"duration": 10}).input["duration"] == "10"


def test_sound_does_not_go_with_a_video() -> None:
    assert refused(OPERATION, sound="on", video_list=source("feature")) == [
        ("video_list", "not_supported")
    ]


def test_the_older_model_has_no_sound_and_no_shots() -> None:
    assert refused(OPERATION, model_name=O1, sound="on") == [("sound", "not_supported")]
    given: dict[str, Any] = {"prompt": None, "multi_shot": True, "shot_type": "customize"}
    given |= {"multi_prompt": shots(2, 3), "model_name": O1}
    assert refused(OPERATION, **given) == [("multi_shot", "not_supported")]


def test_shots_of_ones_own_need_no_prompt() -> None:
    given: dict[str, Any] = {"prompt": None, "multi_shot": True, "shot_type": "customize"}
    for dialect in ("cloudsway", "official"):
        request = ask(OPERATION, dialect, **given, multi_prompt=shots(2, 3))
        assert request.input["multi_prompt"][1]["index"] == 2
    assert refused(OPERATION, **given, multi_prompt=shots(2, 2)) == [("multi_prompt", "mismatch")]
    planned: dict[str, Any] = {"multi_shot": True, "shot_type": "intelligence"}
    assert ask(OPERATION, **planned).input["shot_type"] == "intelligence"
    assert refused(OPERATION, "cloudsway", **planned) == [("shot_type", "not_allowed")]
    changed: dict[str, Any] = {**given, "aspect_ratio": None, "video_list": source("base")}
    assert refused(OPERATION, **changed, multi_prompt=shots(5)) == [("multi_shot", "exclusive")]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"mode": "std"}, "mode"),
        ({"mode": "4k", "video_list": source("feature")}, "video_list"),
        ({"duration": "11", "video_list": source("feature")}, "duration"),
    ],
)
def test_cloudsway_narrows_it(given: dict[str, Any], field: str) -> None:
    assert refused(OPERATION, "cloudsway", **given) == [(field, "exclusive")]
    assert ask(OPERATION, "official", **given).units.amount > 0


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "std", "image_list": pictures(None)},
        {
            "mode": "std",
            "prompt": None,
            "multi_shot": True,
            "shot_type": "customize",
            "multi_prompt": shots(5),
        },
        {"mode": "std", "duration": "10", "video_list": source("feature")},
    ],
)
def test_cloudsway_makes_the_rest_in_std(given: dict[str, Any]) -> None:
    assert ask(OPERATION, "cloudsway", **given).input["mode"] == "std"


@pytest.mark.parametrize(
    ("dialect", "model", "longest"),
    [("official", "kling-v3-omni", 15), ("official", O1, 10), ("cometapi", O1, 10)],
)
def test_a_video_may_be_as_long_as_the_page_says(dialect: str, model: str, longest: int) -> None:
    given: dict[str, Any] = {
        "model_name": model,
        "aspect_ratio": None,
        "video_list": source("base"),
    }
    media = {SOURCE: clip(longest)}
    assert ask(OPERATION, dialect, media=media, **given).units.amount > 0
    long = {SOURCE: clip(longest + 0.1)}
    assert refused(OPERATION, dialect, media=long, **given) == [(SOURCE, "out_of_range")]


def test_a_video_has_to_be_told_what_for() -> None:
    nothing_said = [{"video_url": "https://files.example/fox.mp4"}]
    assert refused(OPERATION, video_list=nothing_said) == [("video_list.0.refer_type", "required")]


def test_it_is_asked_about_by_our_id_only_where_the_page_says_so() -> None:
    operation = ask(OPERATION, today=TODAY).operation
    assert operation.external_id_query_on == {"official"}
    assert "callback_url" not in ask(OPERATION, "cloudsway").wire_body(
        external_task_id="fox-1", callback_url="https://studio.example.net/hook"
    )
