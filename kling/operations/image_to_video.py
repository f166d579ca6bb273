"""Image to video (Cloudsway page "Image-to-Video", CometAPI page "image2video"; protocol, 7.2).

Cloudsway's page calls ``image`` and ``image_tail`` "mutually exclusive", and lists first and last
frame together among what can be made: Kling's own words are "at least one of the two".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import IMAGE, Media, MediaText
from kling.operations import videos
from kling.operations.base import (
    CLOUDSWAY,
    COMETAPI,
    OFFICIAL,
    Facts,
    Limit,
    Operation,
    OperationInput,
)
from kling.operations.camera import CAMERA, OwnCameraControl, check_camera
from kling.operations.elements import Element, with_whole_ids
from kling.operations.exclusions import check_any, check_apart
from kling.operations.motion_brush import DynamicMasks, StaticMask, check_masks
from kling.operations.shots import check_shots
from kling.operations.voices import check_voices


class ImageToVideoInput(OperationInput):
    model_name: videos.ModelName = None
    prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(
            title="Prompt",
            description="What happens in the video.",
            order=20,
            limits={COMETAPI: Limit(max_length=500)},
        ),
    ] = None
    negative_prompt: videos.NegativePrompt = None
    image: Annotated[
        MediaText | None,
        IMAGE,
        Facts(title="First frame", description="The image that the video starts with.", order=15),
    ] = None
    image_tail: Annotated[
        MediaText | None,
        IMAGE,
        Facts(
            title="Last frame",
            description="The image that the video ends with. Not every model can.",
            order=16,
            feature="image_tail",
        ),
    ] = None
    multi_shot: videos.MultiShot = None
    shot_type: videos.ShotType = None
    multi_prompt: videos.MultiPrompt = None
    element_list: Annotated[
        list[Element] | None,
        # Cloudsway's page counts elements and images up to 10, which it has from its image page.
        Field(min_length=1, max_length=3),
        Facts(
            title="Elements",
            description="Up to 3 characters or things that should look the same throughout.",
            order=80,
            advanced=True,
            feature="element_list",
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None
    mode: videos.Mode = None
    sound: videos.Sound = None
    voice_list: videos.VoiceList = None
    cfg_scale: videos.CfgScale = None
    static_mask: StaticMask = None
    dynamic_masks: DynamicMasks = None
    camera_control: Annotated[OwnCameraControl | None, CAMERA] = None
    aspect_ratio: Annotated[
        Literal["16:9", "9:16", "1:1"] | None,
        Facts(
            title="Aspect ratio",
            description="Width to height of the video.",
            order=40,
            default="16:9",
            # Elsewhere the video has the shape of its first frame.
            absent_on=frozenset({COMETAPI, OFFICIAL}),
        ),
    ] = None
    duration: videos.Duration = None
    watermark_info: videos.Watermark = None


class ImageToVideo(Operation):
    name = "image-to-video"
    title = "Image to video"
    description = "A video that starts with an image, ends with one, or both."
    path = "videos/image2video"
    media_kind = "video"
    Input = ImageToVideoInput
    # Cloudsway's table of this page has no callback_url; its image and audio pages do.
    callbacks_on = frozenset({COMETAPI, OFFICIAL})
    price_cases: ClassVar = {"sound": ("off", "on")}

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        yield from check_apart(
            values, ("image_tail",), ("static_mask", "dynamic_masks"), ("camera_control",)
        )
        # "First and last frames (one-shot)", says Cloudsway's page.
        yield from check_apart(values, ("multi_shot",), ("image_tail",))
        yield from check_apart(values, ("element_list",), ("voice_list",))
        yield from check_shots(values, needs_prompt=False)
        yield from check_camera(values)
        yield from check_voices(values)
        yield from check_masks(values, media)

    def check_offer(
        self, values: Mapping[str, Any], dialect: str, lists: Mapping[str, tuple[str, ...]]
    ) -> Iterator[FieldError]:
        """CometAPI's page requires the first frame, Cloudsway's a prompt for a single shot."""
        if dialect != COMETAPI:
            yield from check_any(values, "image", "image_tail")
        elif "image" not in values:
            yield FieldError("image", "required", "image is required.")
        if dialect == CLOUDSWAY and "prompt" not in values and not values.get("multi_shot"):
            yield FieldError("prompt", "required", "prompt is required.")

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return videos.price_facts(values)

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        return with_whole_ids(values)
