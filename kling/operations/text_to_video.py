"""Text to video (Cloudsway and CometAPI pages "text2video"; protocol, section 7.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.operations.base import (
    CLOUDSWAY,
    COMETAPI,
    OFFICIAL,
    VOICE_REFERENCE,
    Declared,
    Facts,
    Limit,
    Operation,
    OperationInput,
)
from kling.operations.parameters import Count, SecondsText, WatermarkInfo

DURATIONS = tuple(str(seconds) for seconds in range(3, 16))
COMMON_RATIOS = ("16:9", "9:16", "1:1")


class Shot(Declared):
    index: Annotated[
        Count | None,
        Field(title="Number", description="1 for the first shot, then 2, 3, …", ge=1, le=6),
    ] = None
    prompt: Annotated[
        str,
        Field(title="Shot", description="What this shot shows.", min_length=1, max_length=512),
    ]
    duration: Annotated[
        SecondsText, Field(title="Seconds", description="Length of this shot, at least 1 second.")
    ]


CameraMove = Annotated[float, Field(ge=-10, le=10)]


class CameraConfig(Declared):
    horizontal: CameraMove = 0
    vertical: CameraMove = 0
    pan: CameraMove = 0
    tilt: CameraMove = 0
    roll: CameraMove = 0
    zoom: CameraMove = 0


class CameraControl(Declared):
    type: Annotated[
        Literal["simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"],
        Field(title="Movement", description="“simple” takes one movement of your own."),
    ]
    config: Annotated[
        CameraConfig | None,
        Field(
            title="Your movement",
            description="For “simple” only: exactly one value other than 0, from -10 to 10.",
        ),
    ] = None


class Voice(Declared):
    voice_id: Annotated[str, Field(title="Voice id", min_length=1, max_length=200)]


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

    def check(self, values: Mapping[str, Any]) -> Iterator[FieldError]:
        yield from check_shots(values)
        yield from check_camera(values)
        yield from check_voices(values)

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        facts = {"sound": str(values.get("sound", "off"))}
        if "mode" in values:
            facts["mode"] = str(values["mode"])
        if values.get("voice_list") and VOICE_REFERENCE.search(spoken_text(values)):
            facts["voice"] = "on"
        return facts


def spoken_text(values: Mapping[str, Any]) -> str:
    shots = values.get("multi_prompt") or []
    return "\n".join([str(values.get("prompt", "")), *(str(shot["prompt"]) for shot in shots)])


def check_shots(values: Mapping[str, Any]) -> Iterator[FieldError]:
    """Single shot, own shots (customize) and shots planned by Kling (intelligence)."""
    if not values.get("multi_shot"):
        for name in ("shot_type", "multi_prompt"):
            if name in values:
                message = f"{name} needs multi_shot to be true."
                yield FieldError(name, "exclusive", message)
        yield from _need_prompt(values, "prompt is required.")
        return
    shot_type = values.get("shot_type")
    if shot_type is None:
        message = "shot_type is required when multi_shot is true: customize or intelligence."
        yield FieldError("shot_type", "required", message)
    elif shot_type == "intelligence":
        yield from _need_prompt(values, "prompt is required when Kling plans the shots.")
        if "multi_prompt" in values:
            message = "multi_prompt is only used with shot_type customize."
            yield FieldError("multi_prompt", "exclusive", message)
    else:
        yield from _check_own_shots(values)


def _need_prompt(values: Mapping[str, Any], message: str) -> Iterator[FieldError]:
    if "prompt" not in values:
        yield FieldError("prompt", "required", message)


def _check_own_shots(values: Mapping[str, Any]) -> Iterator[FieldError]:
    if "prompt" in values:
        message = "prompt is not used with shot_type customize; put the text into multi_prompt."
        yield FieldError("prompt", "exclusive", message)
    shots = values.get("multi_prompt")
    if shots is None:
        message = "multi_prompt is required with shot_type customize."
        yield FieldError("multi_prompt", "required", message)
        return
    for position, shot in enumerate(shots):
        if shot["index"] != position + 1:
            message = f"Shots are numbered in order; this one is number {position + 1}."
            yield FieldError(f"multi_prompt.{position}.index", "not_allowed", message)
        if int(shot["duration"]) < 1:
            message = "Each shot lasts at least 1 second."
            yield FieldError(f"multi_prompt.{position}.duration", "out_of_range", message)
    total = sum(int(shot["duration"]) for shot in shots)
    if total != int(values["duration"]):
        message = f"The shots add up to {total} seconds, but duration is {values['duration']}."
        yield FieldError("multi_prompt", "mismatch", message)


def check_camera(values: Mapping[str, Any]) -> Iterator[FieldError]:
    camera = values.get("camera_control")
    if camera is None:
        return
    config = camera.get("config")
    if camera["type"] != "simple":
        if config is not None:
            message = f"config is only used with the type simple, not with {camera['type']}."
            yield FieldError("camera_control.config", "exclusive", message)
    elif config is None:
        message = "config is required with the type simple."
        yield FieldError("camera_control.config", "required", message)
    elif sum(1 for value in config.values() if value != 0) != 1:
        message = "Exactly one value of config must be other than 0."
        yield FieldError("camera_control.config", "mismatch", message)


def check_voices(values: Mapping[str, Any]) -> Iterator[FieldError]:
    if values.get("voice_list") and values.get("sound") != "on":
        yield FieldError("voice_list", "exclusive", "voice_list needs sound to be on.")
