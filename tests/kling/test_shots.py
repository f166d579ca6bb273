"""Several shots in one video: one's own, or planned by Kling."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kling.inputs import refusals, shots, video

OPERATION = "text-to-video"


@pytest.mark.parametrize("dialect", ["cloudsway", "official"])
@pytest.mark.parametrize("lengths", [(5,), (1, 4), ("2", 3), (1, 1, 1, 1, 1, 1)])
def test_it_takes_shots_of_ones_own(dialect: str, lengths: tuple[object, ...]) -> None:
    total = sum(int(str(length)) for length in lengths)
    request = video(
        dialect,
        multi_shot=True,
        shot_type="customize",
        prompt="",
        multi_prompt=shots(*lengths),
        duration=total,
    )
    assert request.input["multi_prompt"] == shots(*map(str, lengths))
    assert "prompt" not in request.input


def test_it_numbers_shots_that_have_no_number() -> None:
    given = [{"prompt": "One", "duration": 2}, {"prompt": "Two", "duration": 3}]
    request = video(multi_shot=True, shot_type="customize", multi_prompt=given)
    assert [shot["index"] for shot in request.input["multi_prompt"]] == [1, 2]
    assert list(request.input["multi_prompt"][0]) == ["index", "prompt", "duration"]


def test_it_lets_kling_plan_the_shots() -> None:
    request = video(multi_shot=True, shot_type="intelligence", prompt="A fox, then a hare")
    assert request.input["prompt"] == "A fox, then a hare"


OWN = {"multi_shot": True, "shot_type": "customize"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"multi_shot": True, "prompt": "A fox"}, [("shot_type", "required")]),
        ({"multi_shot": True, "shot_type": "intelligence"}, [("prompt", "required")]),
        (
            {**OWN, "shot_type": "intelligence", "prompt": "A fox", "multi_prompt": shots(5)},
            [("multi_prompt", "exclusive")],
        ),
        (OWN, [("multi_prompt", "required")]),
        ({**OWN, "multi_prompt": []}, [("multi_prompt", "required")]),
        ({**OWN, "multi_prompt": shots(5), "prompt": "A fox"}, [("prompt", "exclusive")]),
        ({"prompt": "A fox", "shot_type": "customize"}, [("shot_type", "exclusive")]),
        (
            {"prompt": "A fox", "multi_shot": False, "multi_prompt": shots(5)},
            [("multi_prompt", "exclusive")],
        ),
        ({**OWN, "multi_prompt": shots(2, 2)}, [("multi_prompt", "mismatch")]),
        ({**OWN, "multi_prompt": shots(3, 3)}, [("multi_prompt", "mismatch")]),
        ({**OWN, "multi_prompt": shots(2, 2), "duration": "10"}, [("multi_prompt", "mismatch")]),
        (
            {**OWN, "multi_prompt": shots(1, 1, 1, 1, 1, 1, 1), "duration": 7},
            [("multi_prompt", "too_many")],
        ),
        (
            {**OWN, "multi_prompt": shots(0, 5)},
            [("multi_prompt.0.duration", "out_of_range")],
        ),
        (
            {**OWN, "multi_prompt": shots(6, -1)},
            [("multi_prompt.1.duration", "out_of_range")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 2, "prompt": "One", "duration": 5}]},
            [("multi_prompt.0.index", "not_allowed")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 7, "prompt": "One", "duration": 5}]},
            [("multi_prompt.0.index", "out_of_range")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 1, "duration": 5}]},
            [("multi_prompt.0.prompt", "required")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 1, "prompt": "  ", "duration": 5}]},
            [("multi_prompt.0.prompt", "required")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 1, "prompt": "x" * 513, "duration": 5}]},
            [("multi_prompt.0.prompt", "too_long")],
        ),
        (
            {**OWN, "multi_prompt": [{"index": 1, "prompt": "One"}]},
            [("multi_prompt.0.duration", "required")],
        ),
        (
            {**OWN, "multi_prompt": [{"prompt": "One", "duration": 5, "sound": "on"}]},
            [("multi_prompt.0.sound", "unknown_field")],
        ),
        ({**OWN, "multi_prompt": ["One"]}, [("multi_prompt.0", "wrong_type")]),
    ],
)
def test_it_refuses_shots_that_do_not_fit(
    given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert refusals(OPERATION, given) == expected


def test_it_takes_a_shot_of_exactly_512_characters() -> None:
    shot = {"index": 1, "prompt": "x" * 512, "duration": "5"}
    assert video(**OWN, multi_prompt=[shot]).input["multi_prompt"] == [shot]
