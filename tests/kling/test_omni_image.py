"""Omni image: single images and series, from images and elements."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kling.inputs import ask, refused

OPERATION = "omni-image"
OMNI = "kling-v3-omni"
FOX = "https://files.example/fox.png"


def images(count: int) -> list[dict[str, str]]:
    return [{"image": FOX} for _ in range(count)]


def elements(count: int) -> list[dict[str, str]]:
    return [{"element_id": str(number + 170)} for number in range(count)]


@pytest.mark.parametrize(
    ("dialect", "model"), [("official", "kling-image-o1"), ("cloudsway", OMNI)]
)
def test_each_provider_has_its_own_default(dialect: str, model: str) -> None:
    assert ask(OPERATION, dialect).input == {
        "model_name": model,
        "prompt": "A fox",
        "resolution": "1k",
        "result_type": "single",
        "n": 1,
    }


def test_only_kling_itself_has_the_older_model() -> None:
    found = refused(OPERATION, "cloudsway", model_name="kling-image-o1")
    assert found == [("model_name", "not_offered")]


@pytest.mark.parametrize(
    ("given", "units", "slots"),
    [
        ({}, "8", 1),
        ({"n": 9}, "72", 9),
        ({"resolution": "2k", "n": 2}, "16", 2),
        ({"model_name": OMNI, "resolution": "4k"}, "16", 1),
        ({"model_name": OMNI, "resolution": "4k", "n": 9}, "144", 9),
        ({"model_name": OMNI, "result_type": "series"}, "32", 4),
        (
            {
                "model_name": OMNI,
                "result_type": "series",
                "series_amount": 4,
                "resolution": "2k",
            },
            "32",
            4,
        ),
        ({"model_name": OMNI, "result_type": "series", "series_amount": "2"}, "16", 2),
        # How many there will be nobody knows, so as many as there may be are held.
        ({"model_name": OMNI, "result_type": "series", "series_amount": "auto"}, "72", 9),
        (
            {
                "model_name": OMNI,
                "result_type": "series",
                "series_amount": "auto",
                "resolution": "4k",
            },
            "144",
            9,
        ),
    ],
)
def test_each_image_is_paid_for_and_takes_a_slot(
    given: dict[str, Any], units: str, slots: int
) -> None:
    request = ask(OPERATION, **given)
    assert (str(request.units.amount), request.units.unit_type) == (units, "image")
    assert request.slots == slots


def test_it_says_what_an_image_costs() -> None:
    (line,) = ask(OPERATION, model_name=OMNI, resolution="4k", n=2).units.breakdown
    assert line.label == "Kling 3.0 Omni: 2 images at 16 each"


@pytest.mark.parametrize(("amount", "sent"), [(None, 4), (2, 2), ("9", 9), ("auto", "auto")])
def test_the_length_of_a_series_goes_out_as_a_number(amount: object, sent: object) -> None:
    request = ask(OPERATION, model_name=OMNI, result_type="series", series_amount=amount)
    body = request.wire_body(external_task_id="fox-1")
    assert (body["result_type"], body["series_amount"]) == ("series", sent)
    assert "n" not in body


def test_a_series_read_again_is_the_same_request() -> None:
    request = ask(OPERATION, model_name=OMNI, result_type="series")
    assert ask(OPERATION, **request.input) == request


@pytest.mark.parametrize("amount", [1, 10, "1", "many", 4.0, True, 0, -2])
def test_it_refuses_other_lengths(amount: object) -> None:
    found = refused(OPERATION, model_name=OMNI, result_type="series", series_amount=amount)
    assert found == [("series_amount", "not_allowed")]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"model_name": OMNI, "result_type": "series", "n": 3}, ("n", "exclusive")),
        ({"model_name": OMNI, "series_amount": 3}, ("series_amount", "exclusive")),
        (
            {"model_name": OMNI, "result_type": "single", "series_amount": "auto"},
            ("series_amount", "exclusive"),
        ),
        ({"result_type": "series"}, ("result_type", "not_supported")),
        ({"resolution": "4k"}, ("resolution", "not_supported")),
        ({"resolution": "8k"}, ("resolution", "not_allowed")),
        ({"aspect_ratio": "5:4"}, ("aspect_ratio", "not_allowed")),
        ({"n": 0}, ("n", "out_of_range")),
        ({"n": 10}, ("n", "out_of_range")),
        ({"prompt": ""}, ("prompt", "required")),
        ({"prompt": "x" * 2501}, ("prompt", "too_long")),
        ({"image_list": [{"image_url": FOX}]}, ("image_list.0.image", "required")),
        ({"negative_prompt": "Dogs"}, ("negative_prompt", "unknown_field")),
    ],
)
def test_it_refuses_what_does_not_go(given: dict[str, Any], found: tuple[str, str]) -> None:
    assert found in refused(OPERATION, **given)


@pytest.mark.parametrize("ratio", ["auto", "21:9", "2:3"])
def test_it_takes_the_ratios_of_the_page(ratio: str) -> None:
    assert ask(OPERATION, aspect_ratio=ratio).input["aspect_ratio"] == ratio


@pytest.mark.parametrize(("pictures", "things"), [(10, 0), (0, 10), (6, 4)])
def test_it_takes_ten_images_and_elements_together(pictures: int, things: int) -> None:
    given = {"image_list": images(pictures), "element_list": elements(things)}
    assert ask(OPERATION, **given).units.amount == 8


@pytest.mark.parametrize(
    ("pictures", "things", "found"),
    [
        (11, 0, ("image_list", "too_many")),
        (0, 11, ("element_list", "too_many")),
        (7, 4, ("image_list", "too_many_together")),
        (1, 10, ("element_list", "too_many_together")),
    ],
)
def test_it_refuses_eleven(pictures: int, things: int, found: tuple[str, str]) -> None:
    given = {"image_list": images(pictures), "element_list": elements(things)}
    assert refused(OPERATION, **given) == [found]


@pytest.mark.parametrize("known_as", ["307212335131305171", 307212335131305171])
def test_ids_of_elements_go_out_as_whole_numbers(known_as: object) -> None:
    request = ask(OPERATION, element_list=[{"element_id": known_as}])
    assert request.input["element_list"] == [{"element_id": "307212335131305171"}]
    body = request.wire_body(external_task_id="fox-1")
    assert body["element_list"] == [{"element_id": 307212335131305171}]


def test_it_sends_the_files_that_stand_in_for_others() -> None:
    request = ask(OPERATION, image_list=[{"image": "upl_fox"}, {"image": FOX}])
    assert [spot.path for spot in request.spots()] == ["image_list.0.image", "image_list.1.image"]
    body = request.wire_body(
        external_task_id="fox-1",
        callback_url="https://studio.example.net/hook",
        files={"image_list.0.image": "https://studio.example.net/files/1"},
    )
    assert body == {
        "model_name": "kling-image-o1",
        "prompt": "A fox",
        "image_list": [{"image": "https://studio.example.net/files/1"}, {"image": FOX}],
        "resolution": "1k",
        "result_type": "single",
        "n": 1,
        "external_task_id": "fox-1",
        "callback_url": "https://studio.example.net/hook",
    }
