"""Text to video (Cloudsway and CometAPI pages "text2video"; protocol, section 7.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import Media
from kling.operations.base import (
    CLOUDSWAY,
    COMETAPI,
    OFFICIAL,
    Facts,
    Limit,
    Operation,
    OperationInput,
)
from kling.operations.camera import CameraControl, check_camera
from kling.operations.parameters import SecondsText, WatermarkInfo
from kling.operations.shots import Shot, check_shots
from kling.operations.voices import Voice, check_voices, speaks

DURATIONS = tuple(str(seconds) for seconds in range(3, 16))
COMMON_RATIOS = ("16:9", "9:16", "1:1")


class TextToVideoInput(OperationInput):
    model_name: Annotated[
        str | None,
        Field(max_length=100),
        Facts(title="Model", description="The Kling model that makes the video.", order=10),
    ] = None
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
    negative_prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(
            title="Leave out",
            description="What the video should not show.",
            order=90,
            advanced=True,
            limits={COMETAPI: Limit(max_length=200)},
        ),
    ] = None
    multi_shot: Annotated[
        bool | None,
        Facts(
            title="Several shots",
            description="Cut the video into several shots.",
            order=70,
            advanced=True,
            default=False,
            feature="multi_shot",
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None
    shot_type: Annotated[
        Literal["customize", "intelligence"] | None,
        Facts(
            title="Who plans the shots",
            description="“customize”: you write each shot. “intelligence”: Kling plans them "
            "from the prompt. Needed with several shots.",
            order=71,
            advanced=True,
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None
    multi_prompt: Annotated[
        list[Shot] | None,
        Field(min_length=1, max_length=6),
        Facts(
            title="Shots",
            description="1 to 6 shots. Their seconds must add up to the duration.",
            order=72,
            advanced=True,
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None
    mode: Annotated[
        Literal["std", "pro", "4k"] | None,
        Facts(
            title="Quality",
            description="std is 720p, pro is 1080p, 4k is 4K.",
            order=50,
            default="std",
            explicit=True,
            limits={COMETAPI: Limit(choices=("std", "pro"))},
        ),
    ] = None
    sound: Annotated[
        Literal["on", "off"] | None,
        Facts(
            title="Sound",
            description="Make sound together with the video.",
            order=60,
            default="off",
            explicit=True,
            feature="sound",
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None
    voice_list: Annotated[
        list[Voice] | None,
        Field(min_length=1, max_length=2),
        Facts(
            title="Voices",
            description="Up to 2 voices, spoken where the prompt says <<<voice_1>>>.",
            order=100,
            advanced=True,
            feature="voice_list",
            absent_on=frozenset({COMETAPI, CLOUDSWAY}),
        ),
    ] = None
    cfg_scale: Annotated[
        float | None,
        Field(ge=0, le=1),
        Facts(
            title="Closeness to the prompt",
            description="From 0 (free) to 1 (close). Older models only.",
            order=110,
            advanced=True,
            feature="cfg_scale",
            absent_on=frozenset({CLOUDSWAY}),
        ),
    ] = None
    camera_control: Annotated[
        CameraControl | None,
        Facts(
            title="Camera",
            description="How the camera moves. Left out, Kling decides.",
            order=120,
            advanced=True,
            feature="camera_control",
            absent_on=frozenset({CLOUDSWAY}),
        ),
    ] = None
    aspect_ratio: Annotated[
        Literal["16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3"] | None,
        Facts(
            title="Aspect ratio",
            description="Width to height of the video.",
            order=40,
            default="16:9",
            limits={
                CLOUDSWAY: Limit(choices=COMMON_RATIOS),
                OFFICIAL: Limit(choices=COMMON_RATIOS),
            },
        ),
    ] = None
    duration: Annotated[
        SecondsText | None,
        Facts(
            title="Duration",
            description="Seconds of video, as text; a number is understood too.",
            order=30,
            default="5",
            explicit=True,
            limits={
                COMETAPI: Limit(choices=("5", "10")),
                CLOUDSWAY: Limit(choices=DURATIONS),
                OFFICIAL: Limit(choices=DURATIONS),
            },
        ),
    ] = None
    watermark_info: Annotated[
        WatermarkInfo | None,
        Facts(
            title="Watermark",
            description="Whether to make a copy with Kling's watermark as well.",
            order=130,
            advanced=True,
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None


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
        facts = {"sound": str(values.get("sound", "off"))}
        if "mode" in values:
            facts["mode"] = str(values["mode"])
        if speaks(values):
            facts["voice"] = "on"
        return facts
