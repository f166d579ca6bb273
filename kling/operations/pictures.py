"""Fields that the image operations share (protocol, sections 3.3, 7.12 and 7.13)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kling.operations.base import Facts
from kling.operations.parameters import Count, WatermarkInfo

RatioName = Literal["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9"]

ModelName = Annotated[
    str | None,
    Field(max_length=100),
    Facts(title="Model", description="The Kling model that makes the image.", order=10),
]

HowMany = Annotated[
    Count | None,
    Field(ge=1, le=9),
    Facts(
        title="Number of images",
        description="How many images to make, from 1 to 9. Each is charged.",
        order=70,
        default=1,
        explicit=True,
    ),
]

Watermark = Annotated[
    WatermarkInfo | None,
    Facts(
        title="Watermark",
        description="Whether to make a copy with Kling's watermark as well.",
        order=130,
        advanced=True,
    ),
]
