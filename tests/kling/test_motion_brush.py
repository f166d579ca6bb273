"""Motion brush and camera of the oldest models, in image to video."""

from __future__ import annotations

from typing import Any

import pytest

from kling.media import Media
from tests.kling.inputs import ask, refused

OPERATION = "image-to-video"
HARE = "https://files.example/hare.png"
PATH = [{"x": 279, "y": 219}, {"x": 417, "y": 65}]
MOVING = {"mask": HARE, "trajectories": PATH}
BRUSH: dict[str, Any] = {"model_name": "kling-v1", "mode": "pro", "duration": "5", "cfg_scale": 0.5}


def test_it_takes_the_motion_brush_of_klings_own_example() -> None:
    given: dict[str, Any] = BRUSH | {"static_mask": HARE, "dynamic_masks": [MOVING]}
    request = ask(OPERATION, "cometapi", **given)
    assert request.input.items() >= given.items()
    assert str(request.units.amount) == "3.5"


@pytest.mark.parametrize(
    ("masks", "expected"),
    [
        ([{"mask": HARE, "trajectories": PATH[:1]}], ("dynamic_masks.0.trajectories", "too_few")),
        (
            [{"mask": HARE, "trajectories": PATH * 39}],
            ("dynamic_masks.0.trajectories", "too_many"),
        ),
        ([MOVING] * 7, ("dynamic_masks", "too_many")),
        ([{"trajectories": PATH}], ("dynamic_masks.0.mask", "required")),
        (
            [{"mask": HARE, "trajectories": [{"x": 1, "y": -1}, PATH[0]]}],
            ("dynamic_masks.0.trajectories.0.y", "out_of_range"),
        ),
        (
            [{"mask": HARE, "trajectories": [{"x": 1.5, "y": 1}, PATH[0]]}],
            ("dynamic_masks.0.trajectories.0.x", "wrong_type"),
        ),
    ],
)
def test_it_refuses_masks_that_cannot_be(masks: Any, expected: tuple[str, str]) -> None:
    assert refused(OPERATION, "cometapi", **BRUSH, dynamic_masks=masks) == [expected]


def test_it_takes_masks_at_their_limits() -> None:
    longest = {"mask": HARE, "trajectories": (PATH * 39)[:77]}
    request = ask(OPERATION, "cometapi", **BRUSH, dynamic_masks=[longest] * 6)
    assert len(request.spots()) == 7


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("kling-v1", {"duration": "10"}),
        ("kling-v1-5", {"mode": "std"}),
        ("kling-v1-6", {}),
        ("kling-v3", {}),
    ],
)
def test_only_the_oldest_models_have_the_brush(model: str, more: dict[str, str]) -> None:
    given: dict[str, Any] = {
        "model_name": model,
        "mode": "pro",
        "duration": "5",
        "static_mask": HARE,
        **more,
    }
    assert refused(OPERATION, "cometapi", **given) == [("static_mask", "not_supported")]


def shaped(width: int, height: int) -> dict[str, Media]:
    """What is known of a frame of two to one, and of masks of this size."""
    mask = Media("image", "image/png", 1000, width, height)
    frame = Media("image", "image/png", 1000, 2000, 1000)
    return {"image": frame, "static_mask": mask, "dynamic_masks.0.mask": mask}


@pytest.mark.parametrize("size", [(2000, 1000), (1000, 500), (667, 333)])
def test_it_takes_masks_of_the_shape_of_the_frame(size: tuple[int, int]) -> None:
    given: dict[str, Any] = BRUSH | {"static_mask": HARE, "dynamic_masks": [MOVING]}
    assert ask(OPERATION, "cometapi", media=shaped(*size), **given).input["static_mask"] == HARE


@pytest.mark.parametrize("size", [(1000, 1000), (1000, 2000), (1000, 520)])
def test_it_refuses_masks_of_another_shape(size: tuple[int, int]) -> None:
    given: dict[str, Any] = BRUSH | {"static_mask": HARE, "dynamic_masks": [MOVING]}
    assert refused(OPERATION, "cometapi", media=shaped(*size), **given) == [
        ("static_mask", "wrong_ratio"),
        ("dynamic_masks.0.mask", "wrong_ratio"),
    ]


CAMERA: dict[str, Any] = {"type": "simple", "config": {"zoom": 5}}


def test_the_camera_moves_with_kling_1_5() -> None:
    given: dict[str, Any] = {"model_name": "kling-v1-5", "mode": "pro", "camera_control": CAMERA}
    assert ask(OPERATION, "cometapi", **given).input["camera_control"] == CAMERA
    found = refused(OPERATION, "cometapi", **(given | {"duration": "10"}))
    assert found == [("camera_control", "not_supported")]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"image_tail": HARE, "static_mask": HARE}, "static_mask"),
        ({"image_tail": HARE, "dynamic_masks": [MOVING]}, "dynamic_masks"),
        ({"image_tail": HARE, "camera_control": CAMERA}, "camera_control"),
        ({"static_mask": HARE, "camera_control": CAMERA}, "camera_control"),
    ],
)
def test_frames_brush_and_camera_exclude_each_other(given: dict[str, Any], field: str) -> None:
    given |= {"model_name": "kling-v1-5", "mode": "pro"}
    assert refused(OPERATION, "cometapi", **given) == [(field, "exclusive")]
