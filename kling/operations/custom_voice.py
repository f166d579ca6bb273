"""Custom voice: a voice of one's own, learnt from a recording (protocol, section 7.15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from kling.errors import FieldError
from kling.media import (
    MEGABYTE,
    MOV,
    MP3,
    MP4,
    WAV,
    IdText,
    Media,
    MediaRule,
    MediaText,
    SourceId,
)
from kling.operations.base import OFFICIAL, Facts, Operation, OperationInput
from kling.operations.exclusions import check_exactly_one

# The page names no size; 100 MB is what Kling takes of a video elsewhere (section 3.4). It names
# addresses only, no Base64. An earlier video goes there as a file: as video_id Kling takes just
# those of some models.
RECORDING = MediaRule(
    kind="audio",
    media_types=(MP3, WAV, MP4, MOV),
    max_bytes=100 * MEGABYTE,
    inline=False,
    min_seconds=Decimal(5),
    max_seconds=Decimal(30),
)


class CustomVoiceInput(OperationInput):
    voice_name: Annotated[
        str,
        Field(max_length=20),
        Facts(title="Name", description="What to call the voice.", order=10),
    ]
    voice_url: Annotated[
        MediaText | None,
        RECORDING,
        Facts(
            title="Recording",
            description="5 to 30 seconds of one voice without any noise: MP3, WAV, MP4 or MOV.",
            order=20,
        ),
    ] = None
    video_id: Annotated[
        IdText | None,
        SourceId("video", file_field="voice_url"),
        Facts(
            title="Video id",
            description="Instead of a recording, a video made here: by Kling 2.6 with sound, as an "
            "avatar, or by lip-sync.",
            order=30,
            advanced=True,
        ),
    ] = None


class CustomVoice(Operation):
    name = "custom-voice"
    title = "Own voice"
    description = "A voice learnt from a recording, for use in speech and video."
    path = "general/custom-voices"
    media_kind = "audio"
    result_kind = "voice"
    Input = CustomVoiceInput
    dialects = (OFFICIAL,)

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        yield from check_exactly_one(values, "voice_url", "video_id")
