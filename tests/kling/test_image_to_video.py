"""Image to video: first and last frames, and what only some models make of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.kling.inputs import DIALECTS, ask, errors_of, refused, shots

OPERATION = "image-to-video"
FOX = "https://files.example/fox.png"
HARE = "https://files.example/hare.png"
BEFORE_RETIREMENT = date(2026, 9, 14)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_says_what_the_price_depends_on(dialect: str) -> None:
    sound = {} if dialect == "cometapi" else {"sound": "off"}
    assert ask(OPERATION, dialect).input == {
        "model_name": "kling-v3",
        "prompt": "The fox runs",
        "image": FOX,
        "mode": "std",
        **sound,
        "duration": "5",
    }


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
def test_a_picture_needs_no_words(dialect: str) -> None:
    assert ask(OPERATION, dialect, prompt=None).input["image"] == FOX


def test_cloudsway_wants_words_for_a_single_shot() -> None:
    assert refused(OPERATION, "cloudsway", prompt=None) == [("prompt", "required")]
    own: dict[str, Any] = {"multi_shot": True, "shot_type": "customize", "multi_prompt": shots(5)}
    assert ask(OPERATION, "cloudsway", prompt=None, **own).input["multi_prompt"] == shots("5")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_wants_a_frame(dialect: str) -> None:
    assert refused(OPERATION, dialect, image=None) == [("image", "required")]


@pytest.mark.parametrize("dialect", ["cloudsway", "official"])
def test_the_last_frame_alone_is_enough_for_the_newest_model(dialect: str) -> None:
    request = ask(OPERATION, dialect, image=None, image_tail=HARE)
    assert request.input["image_tail"] == HARE
    assert "image" not in request.input


def test_cometapi_always_wants_the_first_frame() -> None:
    assert refused(OPERATION, "cometapi", image=None, image_tail=HARE) == [("image", "required")]
    # It must not offer the last frame in its place, which would be refused next.
    (error,) = errors_of(OPERATION, {"prompt": "The fox runs"}, "cometapi")
    assert error.message == "image is required."


@pytest.mark.parametrize("model", ["kling-v1-6", "kling-v1-5"])
def test_older_models_end_with_a_frame_without_another(model: str) -> None:
    given: dict[str, Any] = {"model_name": model, "mode": "pro", "image": None, "image_tail": HARE}
    assert ask(OPERATION, "cloudsway", **given).input["image_tail"] == HARE


@pytest.mark.parametrize("model", ["kling-v2-6", "kling-v2-5-turbo", "kling-v2-1", "kling-v1"])
def test_other_models_need_the_first_frame_with_the_last(model: str) -> None:
    given: dict[str, Any] = {
        "model_name": model,
        "mode": "pro",
        "image_tail": HARE,
        "today": BEFORE_RETIREMENT,
    }
    assert ask(OPERATION, **given).input["image"] == FOX
    assert refused(OPERATION, image=None, **given) == [("image", "required")]


@pytest.mark.parametrize(
    "given",
    [
        {"model_name": "kling-v2-6", "sound": "on"},
        {"model_name": "kling-v2-5-turbo", "mode": "std"},
        {"model_name": "kling-v2-1", "mode": "std"},
        {"model_name": "kling-v1-6", "mode": "std"},
        {"model_name": "kling-v1-5", "mode": "std"},
        {"model_name": "kling-v1", "duration": "10"},
        {"model_name": "kling-v2-master"},
        {"model_name": "kling-v2-1-master"},
    ],
)
def test_it_refuses_a_last_frame_that_would_be_passed_over(given: dict[str, Any]) -> None:
    found = refused(OPERATION, image_tail=HARE, today=BEFORE_RETIREMENT, **given)
    assert found == [("image_tail", "not_supported")]


def test_kling_2_6_makes_no_std() -> None:
    assert refused(OPERATION, model_name="kling-v2-6", mode="std") == [("mode", "not_supported")]


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
def test_cloudsway_has_no_kling_2_1(dialect: str) -> None:
    found = refused(OPERATION, "cloudsway", model_name="kling-v2-1")
    assert found == [("model_name", "not_offered")]
    given: dict[str, Any] = {"model_name": "kling-v2-1", "today": BEFORE_RETIREMENT}
    assert ask(OPERATION, dialect, **given).model == "kling-v2-1"


@pytest.mark.parametrize(
    ("model", "given", "units"),
    [
        ("kling-v3", {}, "3"),
        ("kling-v3", {"mode": "pro", "sound": "on"}, "6"),
        ("kling-v3", {"mode": "4k", "duration": 15}, "45"),
        ("kling-v3", {"image_tail": HARE, "mode": "pro"}, "4"),
        ("kling-v2-6", {"image_tail": HARE}, "2.5"),
        ("kling-v2-6", {"sound": "on"}, "5"),
        (
            "kling-v2-6",
            {
                "sound": "on",
                "voice_list": [{"voice_id": "v1"}],
                "prompt": "<<<voice_1>>> says hello",
            },
            "6",
        ),
        ("kling-v2-5-turbo", {"mode": "pro", "duration": 10}, "5"),
        ("kling-v2-1", {"mode": "std"}, "2"),
        ("kling-v2-1", {"mode": "pro", "duration": 10}, "7"),
        ("kling-v2-1-master", {}, "10"),
        ("kling-v2-master", {"duration": 10}, "20"),
        ("kling-v1-6", {"mode": "pro"}, "3.5"),
        ("kling-v1-5", {"mode": "std"}, "2"),
        ("kling-v1", {"mode": "std"}, "1"),
        ("kling-v1", {"mode": "pro"}, "3.5"),
    ],
)
def test_it_counts_the_units(model: str, given: dict[str, Any], units: str) -> None:
    request = ask(OPERATION, model_name=model, today=BEFORE_RETIREMENT, **given)
    assert (str(request.units.amount), request.units.unit_type) == (units, "video")
    assert request.slots == 1


@pytest.mark.parametrize(
    ("dialect", "given"),
    [
        ("cometapi", {"sound": "on"}),
        ("cometapi", {"multi_shot": True}),
        ("cometapi", {"element_list": [{"element_id": "160"}]}),
        ("cometapi", {"aspect_ratio": "1:1"}),
        ("cometapi", {"watermark_info": {"enabled": True}}),
        ("cometapi", {"voice_list": [{"voice_id": "v1"}]}),
        ("cloudsway", {"voice_list": [{"voice_id": "v1"}]}),
        ("cloudsway", {"cfg_scale": 0.5}),
        ("cloudsway", {"static_mask": HARE}),
        ("cloudsway", {"dynamic_masks": [{"mask": HARE, "trajectories": [{"x": 1, "y": 1}] * 2}]}),
        ("cloudsway", {"camera_control": {"type": "simple", "config": {"zoom": 1}}}),
        ("official", {"aspect_ratio": "1:1"}),
    ],
)
def test_it_refuses_what_the_page_does_not_document(dialect: str, given: dict[str, Any]) -> None:
    (name,) = given
    assert refused(OPERATION, dialect, **given)[0] == (name, "not_offered")


@pytest.mark.parametrize("ratio", ["16:9", "9:16", "1:1"])
def test_cloudsway_takes_a_ratio(ratio: str) -> None:
    assert ask(OPERATION, "cloudsway", aspect_ratio=ratio).input["aspect_ratio"] == ratio
    assert refused(OPERATION, "cloudsway", aspect_ratio="4:3") == [("aspect_ratio", "not_allowed")]


@pytest.mark.parametrize("dialect", ["cloudsway", "official"])
def test_elements_go_out_as_whole_numbers(dialect: str) -> None:
    given = [{"element_id": "871100000000000160"}, {"element_id": 161}, {"element_id": "fox-1"}]
    request = ask(OPERATION, dialect, element_list=given)
    assert request.input["element_list"][1] == {"element_id": "161"}
    assert request.wire_body(external_task_id="fox")["element_list"] == [
        {"element_id": 871100000000000160},
        {"element_id": 161},
        {"element_id": "fox-1"},
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"element_list": [{"element_id": "1"}] * 4}, ("element_list", "too_many")),
        ({"element_list": [{"element_id": ""}]}, ("element_list.0.element_id", "required")),
        ({"element_list": [{}]}, ("element_list.0.element_id", "required")),
        (
            {"model_name": "kling-v2-6", "element_list": [{"element_id": "1"}]},
            ("element_list", "not_supported"),
        ),
        ({"model_name": "kling-v2-6", "multi_shot": True}, ("multi_shot", "not_supported")),
        ({"voice_list": [{"voice_id": "v"}], "sound": "on"}, ("voice_list", "not_supported")),
        ({"camera_control": {"type": "down_back"}}, ("camera_control.type", "not_allowed")),
        ({"camera_control": {"type": "simple"}}, ("camera_control.config", "required")),
    ],
)
def test_it_refuses_what_does_not_fit(given: dict[str, Any], expected: tuple[str, str]) -> None:
    assert refused(OPERATION, **given)[0] == expected


def test_elements_and_voices_exclude_each_other() -> None:
    given: dict[str, Any] = {
        "element_list": [{"element_id": "1"}],
        "voice_list": [{"voice_id": "v"}],
    }
    assert ("voice_list", "exclusive") in refused(OPERATION, sound="on", **given)


def test_several_shots_have_no_last_frame() -> None:
    given: dict[str, Any] = {"multi_shot": True, "shot_type": "intelligence", "image_tail": HARE}
    assert refused(OPERATION, **given) == [("image_tail", "exclusive")]
    assert ask(OPERATION, **(given | {"image_tail": None})).input["multi_shot"] is True
