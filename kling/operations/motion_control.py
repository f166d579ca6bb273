"""Motion control: a person in a picture moves as one in a video does (protocol, section 7.5).

Only Kling's own API documents it. Cloudsway's capability map has a row for it and no endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import IMAGE, MEGABYTE, MOV, MP4, Media, MediaRule, MediaText
from kling.operations.base import OFFICIAL, Facts, Operation, OperationInput, seconds_of
from kling.operations.elements import Element, with_whole_ids
from kling.operations.videos import ModelName, Watermark

LONGEST_AS_IMAGE = 10  # seconds of video where the character looks as the picture does

MOTION = MediaRule(
    kind="video",
    media_types=(MP4, MOV),
    max_bytes=100 * MEGABYTE,
    inline=False,
    min_side=340,
    max_side=3850,
    min_seconds=Decimal(3),
    max_seconds=Decimal(30),
)


class MotionControlInput(OperationInput):
    model_name: ModelName = None
    prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(title="Prompt", description="What else is to be seen, or to happen.", order=60),
    ] = None
    image_url: Annotated[
        MediaText,
        IMAGE.but(max_side=65_536),
        Facts(
            title="Picture",
            description="Who moves, and where: the body from the head to the waist at least.",
            order=20,
        ),
    ]
    video_url: Annotated[
        MediaText,
        MOTION,
        Facts(
            title="Motion",
            description="MP4 or MOV with one person moving, without cuts: 3 to 30 seconds, or to "
            "10 where the character looks as in the picture.",
            order=30,
        ),
    ]
    element_list: Annotated[
        list[Element] | None,
        Field(min_length=1, max_length=1),
        Facts(
            title="Element",
            description="One element that lends the character its looks.",
            order=80,
            advanced=True,
            feature="element_list",
        ),
    ] = None
    keep_original_sound: Annotated[
        Literal["yes", "no"] | None,
        Facts(
            title="Keep the sound",
            description="Whether the sound of the motion video is kept.",
            order=70,
            default="yes",
        ),
    ] = None
    character_orientation: Annotated[
        Literal["image", "video"],
        Facts(
            title="Orientation",
            description="Whether the character faces as in the picture or as in the video.",
            order=40,
        ),
    ]
    mode: Annotated[
        Literal["std", "pro"],
        Facts(title="Quality", description="std is 720p, pro is 1080p.", order=50),
    ]
    watermark_info: Watermark = None


class MotionControl(Operation):
    name = "motion-control"
    title = "Motion control"
    description = "A video in which the person of a picture moves as somebody in a video does."
    path = "videos/motion-control"
    media_kind = "video"
    Input = MotionControlInput
    dialects = (OFFICIAL,)

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        follows_picture = values["character_orientation"] == "image"
        motion = media.get("video_url")
        length = motion.seconds if motion else None
        if follows_picture and length is not None and length > LONGEST_AS_IMAGE:
            message = (
                f"With character_orientation image, video_url may have at most "
                f"{LONGEST_AS_IMAGE} seconds. It has {length.normalize():f}."
            )
            yield FieldError("video_url", "out_of_range", message)
        if follows_picture and "element_list" in values:
            message = "With an element the character faces as in the video: make it video."
            yield FieldError("character_orientation", "exclusive", message)

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {"mode": str(values["mode"])}

    def seconds(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Decimal:
        return seconds_of(media, "video_url")

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        return with_whole_ids(values)
