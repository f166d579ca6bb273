"""The motion brush of the oldest models: areas that stand still, and areas that follow a path
(protocol, section 7.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from kling.errors import FieldError
from kling.media import IMAGE, Media, MediaText
from kling.operations.base import CLOUDSWAY, Declared, Facts
from kling.operations.parameters import Count

FEATURE = "motion_brush"


class Point(Declared):
    """Pixels from the lower left corner of the picture."""

    x: Annotated[Count, Field(title="From the left", ge=0)]
    y: Annotated[Count, Field(title="From the bottom", ge=0)]


class DynamicMask(Declared):
    mask: Annotated[
        MediaText,
        IMAGE,
        Field(title="Mask", description="The area that moves, as an image as wide and high as it."),
    ]
    trajectories: Annotated[
        list[Point],
        Field(
            title="Path",
            description="2 to 77 points, in the order in which the area passes them.",
            min_length=2,
            max_length=77,
        ),
    ]


StaticMask = Annotated[
    MediaText | None,
    IMAGE,
    Facts(
        title="What stands still",
        description="An image of the same shape as the first frame: its painted area does not "
        "move. Oldest models only.",
        order=115,
        advanced=True,
        feature=FEATURE,
        absent_on=frozenset({CLOUDSWAY}),
    ),
]

DynamicMasks = Annotated[
    list[DynamicMask] | None,
    Field(min_length=1, max_length=6),
    Facts(
        title="What moves where",
        description="Up to 6 areas of the first frame, each with the path that it follows. Oldest "
        "models only.",
        order=116,
        advanced=True,
        feature=FEATURE,
        absent_on=frozenset({CLOUDSWAY}),
    ),
]


def check_masks(values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
    """A mask has the shape of the first frame: Kling fails the task otherwise, after the wait."""
    frame = media.get("image")
    if frame is None:
        return
    places = range(len(values.get("dynamic_masks", ())))
    for path in ("static_mask", *(f"dynamic_masks.{place}.mask" for place in places)):
        mask = media.get(path)
        if mask is not None and not _same_shape(mask, frame):
            message = f"{path} must have the same ratio of width to height as image."
            yield FieldError(path, "wrong_ratio", message)


def _same_shape(mask: Media, frame: Media) -> bool:
    """One pixel more or less is what scaling leaves."""
    if not (mask.width and mask.height and frame.width and frame.height):
        return True
    return abs(mask.width * frame.height - mask.height * frame.width) <= max(
        frame.width, frame.height
    )
