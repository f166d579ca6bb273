"""Omni video: one model for texts, pictures, elements and a video (protocol, section 7.3).

Besides Kling's own API CometAPI has it with kling-video-o1, and Cloudsway, as the product
``kl_o3``, with kling-v3-omni.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import Media
from kling.operations import omni_rules
from kling.operations.base import (
    CLOUDSWAY,
    COMETAPI,
    OFFICIAL,
    Facts,
    Limit,
    Operation,
    OperationInput,
    seconds_of,
)
from kling.operations.elements import Element, with_whole_ids
from kling.operations.omni_rules import VIDEO, OmniImage, edits
from kling.operations.omni_rules import OmniVideo as SourceVideo
from kling.operations.parameters import SecondsText
from kling.operations.videos import (
    COMMON_RATIOS,
    DURATIONS,
    ModelName,
    MultiPrompt,
    MultiShot,
    Sound,
    Watermark,
)


class OmniVideoInput(OperationInput):
    model_name: ModelName = None
    multi_shot: MultiShot = None
    shot_type: Annotated[
        Literal["customize", "intelligence"] | None,
        Facts(
            title="Who plans the shots",
            description="“customize”: you write each shot. “intelligence”: Kling plans them "
            "from the prompt. Needed with several shots.",
            order=71,
            advanced=True,
            absent_on=frozenset({COMETAPI}),
            limits={CLOUDSWAY: Limit(choices=("customize",))},
        ),
    ] = None
    prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(
            title="Prompt",
            description="What the video shows, or what changes in it. <<<image_1>>>, "
            "<<<element_1>>> and <<<video_1>>> name what you add, in its order.",
            order=20,
        ),
    ] = None
    multi_prompt: MultiPrompt = None
    image_list: Annotated[
        list[OmniImage] | None,
        Field(min_length=1, max_length=omni_rules.MOST),
        Facts(
            title="Pictures",
            description="Pictures to take from, or the first frame and the end frame. Together "
            "with elements up to 7, with a video up to 4.",
            order=80,
        ),
    ] = None
    element_list: Annotated[
        list[Element] | None,
        Field(min_length=1, max_length=omni_rules.MOST),
        Facts(
            title="Elements",
            description="Characters and things that are kept by Kling. kling-video-o1 takes those "
            "made of pictures.",
            order=90,
            advanced=True,
        ),
    ] = None
    video_list: Annotated[
        list[SourceVideo] | None,
        Field(min_length=1, max_length=1),
        Facts(
            title="Video",
            description="A video to take from (feature), or to change (base).",
            order=100,
            feature=VIDEO,
        ),
    ] = None
    sound: Sound = None
    mode: Annotated[
        Literal["std", "pro", "4k"] | None,
        Facts(
            title="Quality",
            description="std is 720p, pro is 1080p, 4k is 4K.",
            order=50,
            default="pro",
            explicit=True,
            limits={COMETAPI: Limit(choices=("std", "pro"))},
        ),
    ] = None
    aspect_ratio: Annotated[
        Literal["16:9", "9:16", "1:1"] | None,
        Facts(
            title="Aspect ratio",
            description="Width to height. Needed, but where a first frame or a video says it.",
            order=40,
            limits={name: Limit(choices=COMMON_RATIOS) for name in (COMETAPI, CLOUDSWAY, OFFICIAL)},
        ),
    ] = None
    duration: Annotated[
        SecondsText | None,
        Facts(
            title="Duration",
            description="Seconds of video. A video that is changed keeps its own length.",
            order=30,
            default="5",
            explicit=True,
            limits={
                COMETAPI: Limit(choices=DURATIONS[:8]),
                CLOUDSWAY: Limit(choices=DURATIONS),
                OFFICIAL: Limit(choices=DURATIONS),
            },
        ),
    ] = None
    watermark_info: Watermark = None


class OmniVideo(Operation):
    name = "omni-video"
    title = "Omni video"
    description = "A video from a text together with pictures, elements or another video."
    path = "videos/omni-video"
    media_kind = "video"
    Input = OmniVideoInput
    # As on its other video pages, Cloudsway has no callback_url here.
    callbacks_on = frozenset({COMETAPI, OFFICIAL})
    # The pages of the other two tell of queries by their own task id only.
    external_id_query_on = frozenset({OFFICIAL})
    price_cases: ClassVar = {VIDEO: ("off", "on"), "sound": ("off", "on")}

    def complete(self, values: dict[str, Any], media: Mapping[str, Media]) -> dict[str, Any]:
        """A video that is edited keeps its length; Kling ignores any other, so none is sent."""
        if not edits(values):
            return values
        return {name: value for name, value in values.items() if name != "duration"}

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        yield from omni_rules.check_shots_and_video(values)
        yield from omni_rules.check_counts(values)
        yield from omni_rules.check_frames(values)
        yield from omni_rules.check_ratio(values)
        yield from omni_rules.check_o1(values, media)

    def check_offer(
        self, values: Mapping[str, Any], dialect: str, lists: Mapping[str, tuple[str, ...]]
    ) -> Iterator[FieldError]:
        if dialect == CLOUDSWAY:
            yield from omni_rules.check_cloudsway(values)

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {
            "mode": str(values["mode"]),
            "sound": str(values.get("sound", "off")),
            VIDEO: "on" if "video_list" in values else "off",
        }

    def seconds(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Decimal:
        if edits(values):
            return seconds_of(media, "video_list.0.video_url")
        return Decimal(values["duration"])

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        return with_whole_ids(values)
