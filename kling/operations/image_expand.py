"""Image expand: more picture around a picture (protocol, section 7.13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from kling.errors import FieldError
from kling.media import IMAGE, Media, MediaText
from kling.operations.base import OFFICIAL, Facts, Operation, OperationInput
from kling.operations.parameters import Number
from kling.operations.pictures import HowMany, Watermark

MOST_AREA = 3  # times the area of the given image
_SIDES = (
    "up_expansion_ratio",
    "down_expansion_ratio",
    "left_expansion_ratio",
    "right_expansion_ratio",
)


class ImageExpandInput(OperationInput):
    image: Annotated[
        MediaText,
        IMAGE,
        Facts(title="Image", description="The image to expand.", order=10),
    ]
    up_expansion_ratio: Annotated[
        Number,
        Field(ge=0, le=2),
        Facts(
            title="Add above",
            description="As a share of the image's height, from 0 to 2: 0.5 adds half of it.",
            order=20,
        ),
    ]
    down_expansion_ratio: Annotated[
        Number,
        Field(ge=0, le=2),
        Facts(
            title="Add below",
            description="As a share of the image's height, from 0 to 2.",
            order=21,
        ),
    ]
    left_expansion_ratio: Annotated[
        Number,
        Field(ge=0, le=2),
        Facts(
            title="Add on the left",
            description="As a share of the image's width, from 0 to 2.",
            order=22,
        ),
    ]
    right_expansion_ratio: Annotated[
        Number,
        Field(ge=0, le=2),
        Facts(
            title="Add on the right",
            description="As a share of the image's width, from 0 to 2.",
            order=23,
        ),
    ]
    prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(title="Prompt", description="What the new parts show.", order=30),
    ] = None
    n: HowMany = None
    watermark_info: Watermark = None


class ImageExpand(Operation):
    name = "image-expand"
    title = "Expand an image"
    description = "An image made larger by painting on at its edges."
    path = "images/editing/expand"
    media_kind = "image"
    Input = ImageExpandInput
    dialects = (OFFICIAL,)

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        # In Decimal: three times the area exactly is allowed, and floats would miss it.
        up, down, left, right = (Decimal(str(values[name])) for name in _SIDES)
        area = (1 + up + down) * (1 + left + right)
        if area > MOST_AREA:
            widest = max(_SIDES, key=lambda name: values[name])
            message = (
                f"{widest} is too large: the new image may have at most {MOST_AREA} times the area "
                f"of the old one. With these four values it would have {area.normalize():f} times."
            )
            yield FieldError(widest, "too_large", message)
