"""Avatar: a face in an image speaks or sings what a sound says (CometAPI page "avatar";
protocol, section 7.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import (
    AAC,
    IMAGE,
    M4A,
    MEGABYTE,
    MP3,
    WAV,
    IdText,
    Media,
    MediaRule,
    MediaText,
    SourceId,
)
from kling.operations.base import (
    COMETAPI,
    OFFICIAL,
    Facts,
    Operation,
    OperationInput,
    seconds_of,
)
from kling.operations.exclusions import check_exactly_one
from kling.operations.videos import Watermark

SPOKEN = MediaRule(
    kind="audio",
    media_types=(MP3, WAV, M4A, AAC),
    max_bytes=5 * MEGABYTE,
    min_seconds=Decimal(2),
    max_seconds=Decimal(300),
    id_field="audio_id",
)
# CometAPI's page says "2 to 60 seconds" three times; Kling's own says 300.
SOUND = SPOKEN.but(through={COMETAPI: SPOKEN.but(max_seconds=Decimal(60))})


class AvatarInput(OperationInput):
    image: Annotated[
        MediaText,
        IMAGE,
        Facts(title="Image", description="An image with one face.", order=10),
    ]
    audio_id: Annotated[
        IdText | None,
        SourceId("audio", file_field="sound_file"),
        Facts(
            title="Kling's speech",
            description="Kling's id of speech made in the last 30 days, in place of a file.",
            order=30,
            advanced=True,
        ),
    ] = None
    sound_file: Annotated[
        MediaText | None,
        SOUND,
        Facts(
            title="Sound",
            description="What to say: MP3, WAV, M4A or AAC, at least 2 seconds, at most 5 MB. "
            "The video lasts as long, and is charged by the second.",
            order=20,
        ),
    ] = None
    prompt: Annotated[
        str | None,
        Field(max_length=2500),
        Facts(
            title="Prompt",
            description="How the face and the body move, in what mood, and how the camera does.",
            order=40,
        ),
    ] = None
    mode: Annotated[
        Literal["std", "pro"] | None,
        Facts(
            title="Quality",
            description="std is faster and costs less, pro is better.",
            order=50,
            default="std",
            explicit=True,
        ),
    ] = None
    watermark_info: Watermark = None


class Avatar(Operation):
    name = "avatar"
    title = "Avatar"
    description = "A video in which the face of an image speaks what a sound says."
    path = "videos/avatar/image2video"
    media_kind = "video"
    Input = AvatarInput
    dialects = (COMETAPI, OFFICIAL)
    # CometAPI's page calls external_task_id "for your own tracking" and says no more.
    external_id_query_on = frozenset({OFFICIAL})

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        yield from check_exactly_one(values, "sound_file", "audio_id")

    def price_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        return {"mode": str(values["mode"])}

    def seconds(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Decimal:
        given = "sound_file" if "sound_file" in values else "audio_id"
        return seconds_of(media, given)
