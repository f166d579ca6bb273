"""Image expand: four ratios, and at most three times the area."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kling.inputs import ask, refusals, refused

OPERATION = "image-expand"


def ratios(up: object, down: object, left: object, right: object) -> dict[str, Any]:
    return {
        "up_expansion_ratio": up,
        "down_expansion_ratio": down,
        "left_expansion_ratio": left,
        "right_expansion_ratio": right,
    }


@pytest.mark.parametrize(
    "given",
    [
        (0, 0, 0, 0),
        (2, 0, 0, 0),
        (0, 0, 0.5, 1.5),
        (0.25, 0.25, 0.5, 0.5),
        # Three times the area exactly, which floats would make a little more than that.
        (0.1, 0.1, 0.7, 0.8),
        (0.4, 0.6, 0.2, 0.3),
    ],
)
def test_it_takes_three_times_the_area(given: tuple[float, ...]) -> None:
    assert ask(OPERATION, **ratios(*given)).units.amount == 8


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((2, 0.01, 0, 0), "up_expansion_ratio"),
        ((0, 0, 1.1, 1), "left_expansion_ratio"),
        ((0.5, 0.5, 0.2, 0.31), "up_expansion_ratio"),
        ((0, 1, 0, 2), "right_expansion_ratio"),
        ((2, 2, 2, 2), "up_expansion_ratio"),
    ],
)
def test_it_refuses_more_area(given: tuple[float, ...], named: str) -> None:
    assert refused(OPERATION, **ratios(*given)) == [(named, "too_large")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (-0.1, "out_of_range"),
        (2.1, "out_of_range"),
        ("half", "wrong_type"),
        (True, "wrong_type"),
        (None, "required"),
        (float("nan"), "wrong_type"),
    ],
)
@pytest.mark.parametrize("side", ["up", "down", "left", "right"])
def test_it_refuses_other_ratios(side: str, value: object, code: str) -> None:
    name = f"{side}_expansion_ratio"
    assert refused(OPERATION, **{name: value}) == [(name, code)]


def test_it_needs_all_four_and_the_image() -> None:
    assert refusals(OPERATION, {}, dialect="official") == [
        (name, "required") for name in ("image", *ratios(0, 0, 0, 0))
    ]


@pytest.mark.parametrize(("count", "units"), [(None, "8"), (1, "8"), (9, "72")])
def test_each_image_is_paid_for(count: int | None, units: str) -> None:
    request = ask(OPERATION, n=count)
    assert (str(request.units.amount), request.units.unit_type) == (units, "image")
    assert request.slots == (count or 1)


@pytest.mark.parametrize("dialect", ["cometapi", "cloudsway"])
def test_only_kling_itself_has_it(dialect: str) -> None:
    assert refused(OPERATION, dialect) == [("operation", "not_offered")]


def test_it_sends_what_the_page_documents() -> None:
    request = ask(OPERATION, prompt="Snow", watermark_info={"enabled": True})
    assert request.operation.path == "images/editing/expand"
    body = request.wire_body(
        external_task_id="fox-1", files={"image": "https://studio.example.net/files/1"}
    )
    assert body == {
        "image": "https://studio.example.net/files/1",
        **ratios(0, 0, 0.5, 0.5),
        "prompt": "Snow",
        "n": 1,
        "watermark_info": {"enabled": True},
        "external_task_id": "fox-1",
    }
