"""Video to audio: a sound effect for a video that has been made (CometAPI page "video-to-audio";
protocol, section 7.14). The results are the sound, and the video with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from kling.errors import FieldError
from kling.media import MEGABYTE, MOV, MP4, IdText, Media, MediaRule, MediaText, SourceId
from kling.operations.base import COMETAPI, OFFICIAL, Facts, Operation, OperationInput
from kling.operations.exclusions import check_exactly_one

ANY_SIZE = MediaRule(
    kind="video",
    media_types=(MP4, MOV),
    max_bytes=100 * MEGABYTE,
    inline=False,  # the pages speak of an address only
    min_seconds=Decimal(3),
    max_seconds=Decimal(20),
    id_field="video_id",
)
# CometAPI's page adds "720p or 1080p resolution".
SILENT_VIDEO = ANY_SIZE.but(through={COMETAPI: ANY_SIZE.but(min_side=720, max_side=1920)})


class VideoToAudioInput(OperationInput):
    video_id: Annotated[
        IdText | None,
        SourceId("video", file_field="video_url"),
        Facts(
            title="Kling's video",
            description="Kling's id of a video made in the last 30 days, of 3 to 20 seconds, in "
            "place of a file.",
            order=20,
            advanced=True,
        ),
    ] = None
    video_url: Annotated[
        MediaText | None,
        SILENT_VIDEO,
        Facts(
            title="Video",
            description="The video to make sound for: MP4 or MOV, 3 to 20 seconds, at most 100 MB.",
            order=10,
        ),
    ] = None
    sound_effect_prompt: Annotated[
        str | None,
        Field(max_length=200),
        Facts(
            title="Sounds",
            description="What to hear, in at most 200 characters.",
            order=30,
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None
    bgm_prompt: Annotated[
        str | None,
        Field(max_length=200),
        Facts(
            title="Music",
            description="What music to hear in the background, in at most 200 characters.",
            order=40,
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None
    asmr_mode: Annotated[
        bool | None,
        Facts(
            title="ASMR",
            description="Bring out small sounds.",
            order=50,
            advanced=True,
            default=False,
            absent_on=frozenset({COMETAPI}),
        ),
    ] = None


class VideoToAudio(Operation):
    name = "video-to-audio"
    title = "Video to audio"
    description = "Sound that fits a video, and the video with it."
    path = "audio/video-to-audio"
    media_kind = "audio"
    Input = VideoToAudioInput
    dialects = (COMETAPI, OFFICIAL)
    # CometAPI's page calls external_task_id "for your own tracking" and says no more.
    external_id_query_on = frozenset({OFFICIAL})

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        yield from check_exactly_one(values, "video_url", "video_id")
