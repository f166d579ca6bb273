"""What goes with what in an omni video: its pictures, its video, and their rules (section 7.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import IMAGE, MEGABYTE, MOV, MP4, Media, MediaRule, MediaText
from kling.operations.base import CLOUDSWAY, COMETAPI, Declared
from kling.operations.shots import check_shots

VIDEO = "video"  # the feature of a model, and the case of a price
MOST = 7  # images and elements together
MOST_WITH_VIDEO = 4
MOST_WITH_END = 2  # images, where one of them is the end frame
ELEMENTS_WITH_FRAMES = 3
SHORT_VIDEO = 10  # seconds, of kling-video-o1 and at Cloudsway
O1 = "kling-video-o1"
O1_DURATIONS = ("5", "10")

LONG_VIDEO = MediaRule(
    kind="video",
    media_types=(MP4, MOV),
    max_bytes=200 * MEGABYTE,
    inline=False,
    min_side=720,
    max_side=2160,
    min_seconds=Decimal(3),
    max_seconds=Decimal(15),
    min_frames_per_second=Decimal(24),
    max_frames_per_second=Decimal(60),
)
# Kling has extended it to 15 seconds for kling-v3-omni; the resellers' pages still say 10.
_SHORT = LONG_VIDEO.but(max_seconds=Decimal(SHORT_VIDEO))
SOURCE_VIDEO = LONG_VIDEO.but(through={COMETAPI: _SHORT, CLOUDSWAY: _SHORT})


class OmniImage(Declared):
    image_url: Annotated[
        MediaText, IMAGE, Field(title="Picture", description="JPEG or PNG, at most 10 MB.")
    ]
    type: Annotated[
        Literal["first_frame", "end_frame"] | None,
        Field(title="Place", description="Left out, the picture is one to take from."),
    ] = None


class OmniVideo(Declared):
    video_url: Annotated[
        MediaText,
        SOURCE_VIDEO,
        Field(
            title="Video",
            description="MP4 or MOV, 24 to 60 frames a second, 3 to 10 seconds; to 15 with "
            "kling-v3-omni at Kling itself.",
        ),
    ]
    refer_type: Annotated[
        Literal["feature", "base"],
        Field(title="Use", description="“feature”: to take from. “base”: to be changed."),
    ]
    keep_original_sound: Annotated[
        Literal["yes", "no"] | None,
        Field(title="Keep the sound", description="Whether the sound of the video is kept."),
    ] = None


def edits(values: Mapping[str, Any]) -> bool:
    """Whether a video is changed, not only taken from."""
    return any(video["refer_type"] == "base" for video in values.get("video_list", ()))


def _frames(values: Mapping[str, Any]) -> list[str]:
    images = values.get("image_list", ())
    return [image["type"] for image in images if "type" in image]


def check_shots_and_video(values: Mapping[str, Any]) -> Iterator[FieldError]:
    if edits(values) and values.get("multi_shot"):
        message = "A video that is changed (refer_type base) cannot be cut into several shots."
        yield FieldError("multi_shot", "exclusive", message)
    else:
        yield from check_shots(values)


def check_counts(values: Mapping[str, Any]) -> Iterator[FieldError]:
    images, elements = values.get("image_list", ()), values.get("element_list", ())
    most = MOST_WITH_VIDEO if "video_list" in values else MOST
    name = "image_list" if len(images) > most or not elements else "element_list"
    if len(images) + len(elements) > most:
        with_video = " with a video" if "video_list" in values else ""
        message = f"image_list and element_list may have {most} entries together{with_video}."
        yield FieldError(name, "too_many_together", message)
    if _frames(values) and len(elements) > ELEMENTS_WITH_FRAMES:
        message = f"With a first frame, element_list may have {ELEMENTS_WITH_FRAMES} entries."
        yield FieldError("element_list", "too_many_together", message)


def check_frames(values: Mapping[str, Any]) -> Iterator[FieldError]:
    images, seen = values.get("image_list", ()), set()
    for place, image in enumerate(images):
        kind, field = image.get("type"), f"image_list.{place}.type"
        if kind in seen:
            yield FieldError(field, "exclusive", f"There can be only one {kind}.")
        elif kind == "end_frame" and "first_frame" not in _frames(values):
            message = "An end_frame needs a first_frame as well."
            yield FieldError(field, "exclusive", message)
        elif kind == "end_frame" and len(images) > MOST_WITH_END:
            message = f"With an end_frame, image_list may have {MOST_WITH_END} pictures."
            yield FieldError(field, "exclusive", message)
        if kind:
            seen.add(kind)


def check_ratio(values: Mapping[str, Any]) -> Iterator[FieldError]:
    """Where nothing else gives the proportions they must be said; a first frame and a video that
    is changed have their own. With a video to take from the page's example says none.
    """
    given = "aspect_ratio" in values
    if edits(values) or "first_frame" in _frames(values):
        if given:
            message = "aspect_ratio is that of the first frame or the video here; leave it out."
            yield FieldError("aspect_ratio", "exclusive", message)
    elif not given and "video_list" not in values:
        message = "aspect_ratio is required without a first frame or a video: 16:9, 9:16 or 1:1."
        yield FieldError("aspect_ratio", "required", message)


def check_o1(values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
    """The older model: 5 or 10 seconds unless there is more than a text or a first frame."""
    if values["model_name"] != O1:
        return
    has_more = "element_list" in values or "video_list" in values
    only_first = [image.get("type") for image in values.get("image_list", ())] in (
        [],
        ["first_frame"],
    )
    if only_first and not has_more and values["duration"] not in O1_DURATIONS:
        message = f"duration of {O1} must be 5 or 10 with only a text or a first frame."
        yield FieldError("duration", "exclusive", message)
    source = media.get("video_list.0.video_url")
    length = source.seconds if source else None
    if length is not None and length > SHORT_VIDEO:
        message = f"{O1} takes a video of at most {SHORT_VIDEO} seconds."
        yield FieldError("video_list.0.video_url", "out_of_range", message)


def check_cloudsway(values: Mapping[str, Any]) -> Iterator[FieldError]:
    """Its capability map of ``kl_o3`` (protocol, section 10)."""
    takes = [name for name in ("image_list", "element_list", "video_list") if name in values]
    if values["mode"] == "std" and not takes and not values.get("multi_shot"):
        message = "Cloudsway makes a single shot from a text in pro and 4k, not in std."
        yield FieldError("mode", "exclusive", message)
    if "video_list" not in values:
        return
    if values["mode"] == "4k":
        message = "Cloudsway takes a video with std and pro only."
        yield FieldError("video_list", "exclusive", message)
    if not edits(values) and int(values["duration"]) > SHORT_VIDEO:
        message = f"With a video, duration is at most {SHORT_VIDEO} seconds at Cloudsway."
        yield FieldError("duration", "exclusive", message)
