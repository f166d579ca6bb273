"""Images: from words, and from words and an image."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.kling.inputs import DIALECTS, ask, refused

OPERATION = "image"
FOX = "https://files.example/fox.png"
BEFORE_RETIREMENT = date(2026, 9, 14)
RATIOS = ["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9"]


def elements(count: int) -> list[dict[str, str]]:
    return [{"element_id": str(160 + number)} for number in range(count)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_says_how_many_and_how_large(dialect: str) -> None:
    assert ask(OPERATION, dialect).input == {
        "model_name": "kling-v3",
        "prompt": "A fox",
        "resolution": "1k",
        "n": 1,
    }


@pytest.mark.parametrize(
    ("model", "text", "image"),
    [
        ("kling-v3", "8", "8"),
        ("kling-v2-1", "4", "8"),
        ("kling-v2", "4", "8"),
        ("kling-v1-5", "4", "8"),
        ("kling-v1", "1", "1"),
    ],
)
def test_it_counts_the_units(model: str, text: str, image: str) -> None:
    given: dict[str, Any] = {"model_name": model, "today": BEFORE_RETIREMENT}
    plain, followed = ask(OPERATION, **given), ask(OPERATION, image=FOX, **given)
    assert (str(plain.units.amount), str(followed.units.amount)) == (text, image)
    assert plain.units.unit_type == followed.units.unit_type == "image"


@pytest.mark.parametrize("count", [9, "9", 9.0, " 9 "])
def test_it_takes_a_number_as_the_page_writes_it(count: object) -> None:
    request = ask(OPERATION, "cloudsway", n=count, resolution="2k")
    assert request.input["n"] == 9
    assert (str(request.units.amount), request.slots) == ("72", 9)
    assert request.units.breakdown[0].label == "Kling Image 3.0: 9 images at 8 each"


@pytest.mark.parametrize(
    ("count", "code"),
    [
        (0, "out_of_range"),
        ("10", "out_of_range"),
        (-1, "out_of_range"),
        (1.5, "wrong_type"),
        (True, "wrong_type"),
        ("many", "wrong_type"),
        ([1], "wrong_type"),
    ],
)
def test_it_refuses_other_numbers(count: object, code: str) -> None:
    assert refused(OPERATION, "cloudsway", n=count) == [("n", code)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_takes_the_eight_ratios(dialect: str) -> None:
    for ratio in RATIOS:
        assert ask(OPERATION, dialect, aspect_ratio=ratio).input["aspect_ratio"] == ratio
    assert refused(OPERATION, dialect, aspect_ratio="auto") == [("aspect_ratio", "not_allowed")]


def test_the_oldest_model_is_not_so_wide_and_not_so_large() -> None:
    given: dict[str, Any] = {"model_name": "kling-v1", "aspect_ratio": "21:9", "resolution": "2k"}
    assert refused(OPERATION, "cloudsway", **given) == [
        ("resolution", "not_supported"),
        ("aspect_ratio", "not_supported"),
    ]
    assert ask(OPERATION, "cloudsway", model_name="kling-v1").input["resolution"] == "1k"


def test_with_an_image_there_is_nothing_to_leave_out() -> None:
    assert ask(OPERATION, negative_prompt="rain").input["negative_prompt"] == "rain"
    found = refused(OPERATION, negative_prompt="rain", image=FOX)
    assert found == [("negative_prompt", "exclusive")]


REFERENCE: dict[str, Any] = {"model_name": "kling-v2-1", "image": FOX, "image_reference": "subject"}


@pytest.mark.parametrize("dialect", ["cometapi", "official"])
@pytest.mark.parametrize("closeness", [0, 0.45, 1])
def test_it_follows_an_image(dialect: str, closeness: float) -> None:
    given = REFERENCE | {"image_fidelity": closeness, "human_fidelity": closeness}
    request = ask(OPERATION, dialect, **given)
    assert request.input.items() >= given.items()
    assert str(request.units.amount) == "8"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"image": None}, [("image_reference", "exclusive")]),
        ({"image_reference": "style"}, [("image_reference", "not_allowed")]),
        ({"image_fidelity": 1.1}, [("image_fidelity", "out_of_range")]),
        ({"human_fidelity": -0.1}, [("human_fidelity", "out_of_range")]),
        (
            {"image_reference": "face", "human_fidelity": 0.5},
            [("human_fidelity", "exclusive")],
        ),
        ({"image_reference": None, "human_fidelity": 0.5}, [("human_fidelity", "exclusive")]),
        ({"model_name": "kling-v3"}, [("image_reference", "not_supported")]),
        (
            {"image_reference": None, "image": None, "image_fidelity": 0.5},
            [("image_fidelity", "exclusive")],
        ),
    ],
)
def test_it_refuses_to_follow_what_does_not_fit(
    change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert refused(OPERATION, **(REFERENCE | change)) == expected


@pytest.mark.parametrize("field", ["image_reference", "image_fidelity", "human_fidelity"])
def test_cloudsway_has_no_such_fields(field: str) -> None:
    value = "subject" if field == "image_reference" else 0.5
    found = refused(OPERATION, "cloudsway", image=FOX, model_name="kling-v2-1", **{field: value})
    assert found == [(field, "not_offered")]


def test_elements_and_the_image_are_ten_at_most() -> None:
    assert len(ask(OPERATION, element_list=elements(10)).input["element_list"]) == 10
    assert refused(OPERATION, element_list=elements(11)) == [("element_list", "too_many")]
    assert ask(OPERATION, element_list=elements(9), image=FOX).input["image"] == FOX
    found = refused(OPERATION, element_list=elements(10), image=FOX)
    assert found == [("element_list", "too_many")]


def test_only_the_newest_model_has_elements() -> None:
    found = refused(OPERATION, model_name="kling-v2-1", element_list=elements(1))
    assert found == [("element_list", "not_supported")]


def test_one_model_does_nothing_without_an_image() -> None:
    model = "kling-v2-new"
    assert refused(OPERATION, "cloudsway", model_name=model) == [("image", "required")]
    request = ask(OPERATION, "cloudsway", model_name=model, image=FOX)
    assert str(request.units.amount) == "8"
    assert refused(OPERATION, "cometapi", model_name=model) == [("model_name", "not_offered")]


@pytest.mark.parametrize("model", ["kling-v1", "kling-v1-5", "kling-v2", "kling-v2-new"])
def test_kling_itself_has_retired_the_older_models(model: str) -> None:
    assert refused(OPERATION, model_name=model) == [("model_name", "retired_model")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_wants_words(dialect: str) -> None:
    assert refused(OPERATION, dialect, prompt=None) == [("prompt", "required")]
    assert refused(OPERATION, dialect, prompt="x" * 2501) == [("prompt", "too_long")]
