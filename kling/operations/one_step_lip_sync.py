"""Lip-sync in one step: Kling's older endpoint, which finds the face itself (protocol, 7.7).

Everything stands inside ``input``, and its ``mode`` says what the face speaks: a text, or a sound
that is there. It is for programs written for that endpoint; people have ``lip-sync``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from kling.errors import FieldError
from kling.media import AAC, IdText, Media, MediaText, SourceId
from kling.operations import faces
from kling.operations.base import (
    COMETAPI,
    OFFICIAL,
    Declared,
    Facts,
    Operation,
    OperationInput,
    seconds_of,
)
from kling.operations.exclusions import check_exactly_one
from kling.operations.identify_face import FACE_VIDEO
from kling.operations.parameters import OneDecimal

# The page says "2 to 10 seconds", and Kling's own videos of 10 seconds are a little longer. A file
# is never sent under its id: of Kling's own, the page takes fewer lengths.
VIDEO = FACE_VIDEO.but(min_side=720, max_side=1920, max_seconds=Decimal("10.1"), id_field="")
OWN_LENGTHS = (5, 10)  # seconds
SOUND = faces.SOUND.but(media_types=(*faces.SOUND.media_types, AAC), id_field="")

TEXT, AUDIO = "text2video", "audio2video"
VOICE = {"voice_language": "zh", "voice_speed": 1}  # with what Kling assumes
# Programs send these in both modes, and Kling passes over them in the other one.
IDLE = {TEXT: {"audio_type"}, AUDIO: {"voice_id", *VOICE}}
# These say what is spoken, so one that goes unheard is a mistake that would cost credits.
OF_THE_OTHER = {TEXT: ("audio_file", "audio_url"), AUDIO: ("text",)}


class Spoken(Declared):
    video_id: Annotated[
        IdText | None,
        SourceId("video", file_field="video_url"),
        Field(title="Kling's video", description="Of 5 or 10 seconds, made in the last 30 days."),
    ] = None
    video_url: Annotated[
        MediaText | None,
        VIDEO,
        Field(title="Video", description="MP4 or MOV with a face, 2 to 10 seconds, 720p or 1080p."),
    ] = None
    mode: Annotated[
        Literal["text2video", "audio2video"],
        Field(title="What is spoken", description="A text (text2video) or a sound (audio2video)."),
    ]
    text: Annotated[
        str | None,
        Field(title="Text", description="What to say, with text2video.", max_length=120),
    ] = None
    voice_id: Annotated[
        IdText | None,
        SourceId("voice", presets=True),
        Field(title="Voice", description="Who says it, with text2video."),
    ] = None
    voice_language: Annotated[
        Literal["zh", "en"] | None,
        Field(title="Language", description="Of the text; left out, zh."),
    ] = None
    voice_speed: Annotated[
        OneDecimal | None,
        Field(title="Speed", description="0.8 to 2; left out, 1.", ge=0.8, le=2),
    ] = None
    audio_type: Annotated[
        Literal["file", "url"] | None,
        Field(title="How the sound comes", description="With audio2video: which field has it."),
    ] = None
    audio_file: Annotated[
        MediaText | None,
        SOUND,
        Field(title="Sound as a file", description="In Base64, with audio_type file."),
    ] = None
    audio_url: Annotated[
        MediaText | None,
        SOUND,
        Field(title="Address of the sound", description="With audio_type url."),
    ] = None


class OneStepLipSyncInput(OperationInput):
    input: Annotated[
        Spoken,
        Facts(title="Video and speech", description="Who speaks, and what.", order=10),
    ]


class OneStepLipSync(Operation):
    name = "one-step-lip-sync"
    title = "Lip-sync in one step"
    description = "A video in which the face that Kling finds speaks a text or a sound."
    path = "videos/lip-sync"
    media_kind = "video"
    Input = OneStepLipSyncInput
    dialects = (COMETAPI, OFFICIAL)
    # The page has callback_url, and no id of one's own.
    external_ids_on = frozenset()
    external_id_query_on = frozenset()
    listed = False

    def complete(self, values: dict[str, Any], media: Mapping[str, Media]) -> dict[str, Any]:
        """Without what the mode passes over, and with the voice that Kling assumes."""
        given, mode = values["input"], values["input"]["mode"]
        filled = {**VOICE, **given} if mode == TEXT else given
        names = [name for name in Spoken.model_fields if name in filled and name not in IDLE[mode]]
        return {**values, "input": {name: filled[name] for name in names}}

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        for error in _errors(values["input"], media.get("input.video_id")):
            yield FieldError(f"input.{error.field}", error.code, error.message)

    def seconds(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Decimal:
        """Those of the video: how long a text takes to say, nobody knows before."""
        if "video_id" not in values["input"]:
            return seconds_of(media, "input.video_url")
        # Kling counts its own by what was asked for: a file of 5.041 seconds is one of 5.
        length = seconds_of(media, "input.video_id")
        return Decimal(max(one for one in OWN_LENGTHS if one <= length))

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        """The sound as it is sent, which need not be as it was given."""
        given = values["input"]
        for name in ("audio_file", "audio_url"):
            if sound := given.pop(name, ""):
                form = "url" if "://" in sound[:8] else "file"
                return {"input": {**given, "audio_type": form, f"audio_{form}": sound}}
        return values


def _errors(given: Mapping[str, Any], own_video: Media | None) -> Iterator[FieldError]:
    mode, lasts = given["mode"], own_video.seconds if own_video else None
    yield from check_exactly_one(given, "video_url", "video_id")
    if lasts is not None and round(lasts) not in OWN_LENGTHS:
        message = "video_id must be of a video of 5 or 10 seconds; give others as video_url."
        yield FieldError("video_id", "out_of_range", message)
    for name in _needed(given):
        if name not in given:
            yield FieldError(name, "required", f"{name} is required with mode {mode}.")
    for name in OF_THE_OTHER[mode]:
        if name in given:
            yield FieldError(name, "exclusive", f"{name} cannot be used with mode {mode}.")
    if mode == AUDIO and "audio_url" in given and "audio_file" in given:
        message = "Give either audio_url or audio_file, not both."
        yield FieldError("audio_file", "exclusive", message)


def _needed(given: Mapping[str, Any]) -> tuple[str, ...]:
    if given["mode"] == TEXT:
        return ("text", "voice_id")
    form = given.get("audio_type")
    return ("audio_type", f"audio_{form}") if form else ("audio_type",)
