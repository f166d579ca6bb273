"""A face of lip-sync and the sound that it gets (protocol, section 7.7).

Times are in milliseconds: of the sound from its beginning, where it is put in from that of the
video.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from kling.errors import FieldError, ProviderRejected
from kling.media import (
    M4A,
    MEGABYTE,
    MP3,
    WAV,
    Face,
    IdText,
    Media,
    MediaRule,
    MediaText,
    SourceId,
)
from kling.operations.base import Declared
from kling.operations.exclusions import check_exactly_one
from kling.operations.parameters import Count, Number
from kling.tasks import Output

# What a provider is said to refuse, by the field at fault.
REJECTIONS = {"face_id": "no_such_face", "sound_insert_time": "no_overlap"}
SHORTEST = 2000  # milliseconds of sound, and of sound while the face is seen
LONGEST = 60_000  # milliseconds of a video

SOUND = MediaRule(
    kind="audio",
    media_types=(MP3, WAV, M4A),
    max_bytes=5 * MEGABYTE,
    min_seconds=Decimal(2),
    max_seconds=Decimal(60),
    id_field="audio_id",
)


class FaceChoice(Declared):
    face_id: Annotated[
        IdText | None,
        SourceId("face"),
        Field(title="Face", description="Left out, the face that is seen longest."),
    ] = None
    audio_id: Annotated[
        IdText | None,
        SourceId("audio", file_field="sound_file"),
        Field(title="Kling's sound", description="Kling's id of speech that it has made."),
    ] = None
    sound_file: Annotated[
        MediaText | None,
        SOUND,
        Field(title="Sound", description="MP3, WAV or M4A, 2 to 60 seconds, at most 5 MB."),
    ] = None
    sound_start_time: Annotated[
        Count | None,
        Field(title="Sound from", description="Milliseconds; left out, 0.", ge=0, le=LONGEST),
    ] = None
    sound_end_time: Annotated[
        Count | None,
        Field(title="Sound to", description="Milliseconds; left out, its end.", ge=0, le=LONGEST),
    ] = None
    sound_insert_time: Annotated[
        Count | None,
        Field(title="Begins at", description="Milliseconds of the video.", ge=0, le=LONGEST),
    ] = None
    sound_volume: Annotated[
        Number | None,
        Field(title="Volume of the sound", description="0 to 2; left out, 1.", ge=0, le=2),
    ] = None
    original_audio_volume: Annotated[
        Number | None,
        Field(
            title="Volume of the video",
            description="0 to 2; left out, 1.",
            ge=0,
            le=2,
            # CometAPI's name for it, which programs written for CometAPI send.
            validation_alias=AliasChoices("original_audio_volume", "original_sound_volume"),
        ),
    ] = None


def completed(choice: Mapping[str, Any], sound: Media | None) -> dict[str, Any]:
    """The times that were left out, as far as the sound tells them; in the order of the wire."""
    filled = {"sound_start_time": 0, "sound_insert_time": 0, **choice}
    if "sound_end_time" not in filled and sound is not None and sound.seconds is not None:
        filled["sound_end_time"] = _milliseconds(sound.seconds)
    return {name: filled[name] for name in FaceChoice.model_fields if name in filled}


def check_choice(
    choice: Mapping[str, Any], *, sound: Media | None, video: Media | None
) -> Iterator[FieldError]:
    """Rules of one face; ``sound`` and ``video`` as far as they are known."""
    yield from check_exactly_one(choice, "sound_file", "audio_id")
    if "sound_end_time" not in choice:
        message = "sound_end_time is required: how long the sound lasts is not known here."
        yield FieldError("sound_end_time", "required", message)
        return
    if _length(choice) < SHORTEST:
        message = f"sound_end_time must be at least {SHORTEST} ms after sound_start_time."
        yield FieldError("sound_end_time", "mismatch", message)
    if sound is not None and sound.seconds is not None:
        lasts = _milliseconds(sound.seconds)
        if choice["sound_end_time"] > lasts:
            message = f"sound_end_time is after the end of the sound, which lasts {lasts} ms."
            yield FieldError("sound_end_time", "mismatch", message)
    if video is not None and video.seconds is not None:
        lasts = _milliseconds(video.seconds)
        if sound_end(choice) > lasts:
            message = (
                f"The sound would end at {sound_end(choice)} ms, after the video, which lasts "
                f"{lasts} ms. Change sound_insert_time or sound_end_time."
            )
            yield FieldError("sound_insert_time", "mismatch", message)
    if video is not None and video.faces is not None:
        yield from face_errors(choice, video.faces)


def sound_end(choice: Mapping[str, Any]) -> int:
    """When the sound ends in the video, in milliseconds."""
    return int(choice["sound_insert_time"]) + _length(choice)


def with_face(choice: dict[str, Any], found: Sequence[Output]) -> dict[str, Any]:
    """``choice`` with one of the faces that were found. Raises ProviderRejected: none will do.

    It would be refused by Kling as well, but only after the video was handed on.
    """
    faces = [_face(one) for one in found]
    if not faces:
        message = "The video shows no face that could be made to speak."
        raise ProviderRejected(message, code="no_face")
    for error in face_errors(choice, faces):
        raise ProviderRejected(error.message, code=REJECTIONS[error.field])
    return {"face_id": max(faces, key=_seen).face_id, **choice}


def face_errors(choice: Mapping[str, Any], faces: Sequence[Face]) -> Iterator[FieldError]:
    """Why the face of ``choice`` cannot speak: without one, the face that is seen longest."""
    wanted = choice.get("face_id")
    named = [face for face in faces if wanted in (None, face.face_id)]
    if not named:
        known = ", ".join(face.face_id for face in faces)
        message = f"The video has no face {wanted}. Its faces: {known}."
        yield FieldError("face_id", "not_found", message)
        return
    face = max(named, key=_seen)
    begin, end = face.start_ms, face.end_ms
    shared = min(end, sound_end(choice)) - max(begin, int(choice["sound_insert_time"]))
    if end > begin and shared < SHORTEST:
        message = (
            f"The face is seen from {begin} to {end} ms of the video; the sound must overlap that "
            f"by {SHORTEST} ms at least. Change sound_insert_time."
        )
        yield FieldError("sound_insert_time", "mismatch", message)


def _face(found: Output) -> Face:
    return Face(str(found.provider_id), found.details["start_ms"], found.details["end_ms"])


def _seen(face: Face) -> int:
    return face.end_ms - face.start_ms


def _length(choice: Mapping[str, Any]) -> int:
    return int(choice["sound_end_time"]) - int(choice["sound_start_time"])


def _milliseconds(seconds: Decimal) -> int:
    return int(seconds * 1000)
