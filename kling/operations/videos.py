"""Fields that text to video and image to video share (protocol, sections 7.1 and 7.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.operations.base import CLOUDSWAY, COMETAPI, OFFICIAL, Facts, Limit
from kling.operations.parameters import Number, SecondsText, WatermarkInfo
from kling.operations.shots import Shot
from kling.operations.voices import Voice, speaks

DURATIONS = tuple(str(seconds) for seconds in range(3, 16))
COMMON_RATIOS = ("16:9", "9:16", "1:1")

ModelName = Annotated[
    str | None,
    Field(max_length=100),
    Facts(title="Model", description="The Kling model that makes the video.", order=10),
]

NegativePrompt = Annotated[
    str | None,
    Field(max_length=2500),
    Facts(
        title="Leave out",
        description="What the video should not show.",
        order=90,
        advanced=True,
        limits={COMETAPI: Limit(max_length=200)},
    ),
]

MultiShot = Annotated[
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
]

ShotType = Annotated[
    Literal["customize", "intelligence"] | None,
    Facts(
        title="Who plans the shots",
        description="“customize”: you write each shot. “intelligence”: Kling plans them "
        "from the prompt. Needed with several shots.",
        order=71,
        advanced=True,
        absent_on=frozenset({COMETAPI}),
    ),
]

MultiPrompt = Annotated[
    list[Shot] | None,
    Field(min_length=1, max_length=6),
    Facts(
        title="Shots",
        description="1 to 6 shots. Their seconds must add up to the duration.",
        order=72,
        advanced=True,
        absent_on=frozenset({COMETAPI}),
    ),
]

Mode = Annotated[
    Literal["std", "pro", "4k"] | None,
    Facts(
        title="Quality",
        description="std is 720p, pro is 1080p, 4k is 4K.",
        order=50,
        default="std",
        explicit=True,
        limits={COMETAPI: Limit(choices=("std", "pro"))},
    ),
]

Sound = Annotated[
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
]

VoiceList = Annotated[
    list[Voice] | None,
    Field(min_length=1, max_length=2),
    Facts(
        title="Voices",
        description="Up to 2 voices, spoken where the prompt says <<<voice_1>>>.",
        order=100,
        advanced=True,
        feature="voice_list",
        # Cloudsway's pages name them in the text on prompts, but have no such field.
        absent_on=frozenset({COMETAPI, CLOUDSWAY}),
    ),
]

CfgScale = Annotated[
    Number | None,
    Field(ge=0, le=1),
    Facts(
        title="Closeness to the prompt",
        description="From 0 (free) to 1 (close); left out, 0.5. Older models only.",
        order=110,
        advanced=True,
        feature="cfg_scale",
        absent_on=frozenset({CLOUDSWAY}),
    ),
]

Duration = Annotated[
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
]

Watermark = Annotated[
    WatermarkInfo | None,
    Facts(
        title="Watermark",
        description="Whether to make a copy with Kling's watermark as well.",
        order=130,
        advanced=True,
        absent_on=frozenset({COMETAPI}),
    ),
]


def price_facts(values: Mapping[str, Any]) -> dict[str, str]:
    """Mode, sound and chosen voices: what the rate of a video from a prompt depends on."""
    facts = {"sound": str(values.get("sound", "off"))}
    if "mode" in values:
        facts["mode"] = str(values["mode"])
    if speaks(values):
        facts["voice"] = "on"
    return facts
