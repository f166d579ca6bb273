"""Text to video (Cloudsway and CometAPI pages "text2video"; protocol, section 7.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import Media
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
from kling.operations.camera import CAMERA, CameraControl, check_camera
from kling.operations.shots import check_shots
from kling.operations.voices import check_voices


class TextToVideoInput(OperationInput):
    model_name: videos.ModelName = None
    prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(
            title="Prompt",
            description="What the video shows. Needed unless you write your own shots.",
            order=20,
            limits={COMETAPI: Limit(max_length=500)},
        ),
    ] = None
    negative_prompt: videos.NegativePrompt = None
    multi_shot: videos.MultiShot = None
    shot_type: videos.ShotType = None
    multi_prompt: videos.MultiPrompt = None
    mode: videos.Mode = None
    sound: videos.Sound = None
    voice_list: videos.VoiceList = None
    cfg_scale: videos.CfgScale = None
    camera_control: Annotated[CameraControl | None, CAMERA] = None
    aspect_ratio: Annotated[
        Literal["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3"] | None,
        Facts(
            title="Aspect ratio",
            description="Width to height of the video.",
            order=40,
            default="16:9",
            limits={
                CLOUDSWAY: Limit(choices=videos.COMMON_RATIOS),
                OFFICIAL: Limit(choices=videos.COMMON_RATIOS),
            },
        ),
    ] = None
    duration: videos.Duration = None
    watermark_info: videos.Watermark = None


class TextToVideo(Operation):
    name = "text-to-video"
    title = "Text to video"
    description = "A video made from a description in words."
    path = "videos/text2video"
    media_kind = "video"
    Input = TextToVideoInput
    # Cloudsway's table of this page has no callback_url; its image and audio pages do.
    callbacks_on = frozenset({COMETAPI, OFFICIAL})
    price_cases: ClassVar = {"sound": ("off", "on")}

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        yield from check_shots(values)
        yield from check_camera(values)
        yield from check_voices(values)

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return videos.price_facts(values)
