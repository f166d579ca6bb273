"""Custom element: a character or thing that later videos and images show again.

Kling calls it an advanced custom element (protocol, section 7.15).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import (
    IMAGE,
    MEGABYTE,
    MOV,
    MP4,
    IdText,
    Media,
    MediaRule,
    MediaText,
    SourceId,
)
from kling.operations.base import OFFICIAL, Declared, Facts, Operation, OperationInput

CLIP = MediaRule(
    kind="video",
    media_types=(MP4, MOV),
    max_bytes=200 * MEGABYTE,
    inline=False,
    min_seconds=Decimal(3),
    max_seconds=Decimal(8),
)
CLIP_SIZES = ((1920, 1080), (1080, 1920))  # 1080p, 16:9 or 9:16
TAGS = {
    "o_101": "trend",
    "o_102": "person",
    "o_103": "animal",
    "o_104": "prop",
    "o_105": "clothing",
    "o_106": "scene",
    "o_107": "effect",
    "o_108": "other",
}
_LISTS = {"image_refer": "element_image_list", "video_refer": "element_video_list"}


class ReferenceImage(Declared):
    image_url: Annotated[
        MediaText, IMAGE, Field(title="Image", description="Another view of the element.")
    ]


class ElementImages(Declared):
    frontal_image: Annotated[
        MediaText, IMAGE, Field(title="From the front", description="The element from the front.")
    ]
    refer_images: Annotated[
        list[ReferenceImage],
        Field(
            title="Other views",
            description="1 to 3 images from other sides.",
            min_length=1,
            max_length=3,
        ),
    ]


class ReferenceVideo(Declared):
    video_url: Annotated[
        MediaText,
        CLIP,
        Field(title="Video", description="3 to 8 seconds in 1080p, 16:9 or 9:16: MP4 or MOV."),
    ]


class ElementVideos(Declared):
    refer_videos: Annotated[
        list[ReferenceVideo],
        Field(title="Video", description="One clip.", min_length=1, max_length=1),
    ]


class Tag(Declared):
    tag_id: Annotated[
        Literal["o_101", "o_102", "o_103", "o_104", "o_105", "o_106", "o_107", "o_108"],
        Field(
            title="Tag",
            description=f"{', '.join(f'{tag} {name}' for tag, name in TAGS.items())}.",
        ),
    ]


class CustomElementInput(OperationInput):
    element_name: Annotated[
        str,
        Field(max_length=20),
        Facts(title="Name", description="What to call the element.", order=10),
    ]
    element_description: Annotated[
        str,
        Field(max_length=100),
        Facts(title="Description", description="What the element is.", order=20),
    ]
    reference_type: Annotated[
        Literal["image_refer", "video_refer"],
        Facts(
            title="Made from",
            description="image_refer: images of it. video_refer: a video of it, for the newest "
            "models only.",
            order=30,
        ),
    ]
    element_image_list: Annotated[
        ElementImages | None,
        Facts(title="Images", description="Needed with image_refer.", order=40),
    ] = None
    element_video_list: Annotated[
        ElementVideos | None,
        Facts(title="Video", description="Needed with video_refer.", order=50),
    ] = None
    element_voice_id: Annotated[
        IdText | None,
        SourceId("voice", presets=True),
        Facts(
            title="Voice",
            description="The id of a voice of Kling's or of your own, to go with the element.",
            order=60,
            advanced=True,
        ),
    ] = None
    tag_list: Annotated[
        list[Tag] | None,
        Field(min_length=1, max_length=8),
        Facts(title="Tags", description="What kind of element it is.", order=70, advanced=True),
    ] = None


class CustomElement(Operation):
    name = "custom-element"
    title = "Own element"
    description = "A character or thing that later videos and images show again."
    path = "general/advanced-custom-elements"
    media_kind = "image"
    result_kind = "element"
    Input = CustomElementInput
    dialects = (OFFICIAL,)

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        for reference_type, name in _LISTS.items():
            wanted = values["reference_type"] == reference_type
            if wanted and name not in values:
                message = f"{name} is required with reference_type {reference_type}."
                yield FieldError(name, "required", message)
            elif not wanted and name in values:
                message = f"{name} is only used with reference_type {reference_type}."
                yield FieldError(name, "exclusive", message)
        yield from _size_errors("element_video_list.refer_videos.0.video_url", media)


def _size_errors(path: str, media: Mapping[str, Media]) -> Iterator[FieldError]:
    clip = media.get(path)
    if clip is None or clip.width is None or clip.height is None:
        return
    if (clip.width, clip.height) not in CLIP_SIZES:
        allowed = " or ".join(f"{width} × {height}" for width, height in CLIP_SIZES)
        message = f"{path} must have {allowed} pixels. It has {clip.width} × {clip.height}."
        yield FieldError(path, "wrong_size", message)
