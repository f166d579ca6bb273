"""Lip-sync: somebody in a video speaks or sings what a sound says (protocol, section 7.7).

Kling wants the faces of the video identified before. Given a video, that is done as a step of
this operation, and the face that was chosen is taken, or the one that is seen longest; given the
session of an earlier identification, its face has to be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Any

from pydantic import Field

from kling.errors import FieldError
from kling.media import IdText, Media, MediaText, SourceId
from kling.operations.base import (
    COMETAPI,
    OFFICIAL,
    Facts,
    Operation,
    OperationInput,
    Step,
    seconds_of,
)
from kling.operations.exclusions import check_apart
from kling.operations.faces import FaceChoice, check_choice, completed, sound_end, with_face
from kling.operations.identify_face import FACE_VIDEO
from kling.operations.videos import Watermark
from kling.tasks import Task

SOURCES = ("video_url", "video_id", "session_id")


class LipSyncInput(OperationInput):
    video_id: Annotated[
        IdText | None,
        SourceId("video", file_field="video_url"),
        Facts(
            title="Kling's video",
            description="Kling's id of a video made in the last 30 days, in place of a file.",
            order=20,
            advanced=True,
        ),
    ] = None
    video_url: Annotated[
        MediaText | None,
        FACE_VIDEO,
        Facts(
            title="Video",
            description="MP4 or MOV with a face, 2 to 60 seconds, 720p or 1080p, at most 100 MB.",
            order=10,
        ),
    ] = None
    session_id: Annotated[
        IdText | None,
        SourceId("session"),
        Facts(
            title="Session",
            description="Of faces that have been identified in the last 24 hours, in place of a "
            "video.",
            order=40,
            advanced=True,
        ),
    ] = None
    face_choose: Annotated[
        list[FaceChoice],
        Field(min_length=1, max_length=1),
        Facts(
            title="Face and sound",
            description="The sound, which part of it, when, and whose face. Times are in "
            "thousandths of a second.",
            order=30,
        ),
    ]
    watermark_info: Watermark = None


class LipSync(Operation):
    name = "lip-sync"
    title = "Lip-sync"
    description = "A video in which a face speaks what a sound says."
    path = "videos/advanced-lip-sync"
    media_kind = "video"
    Input = LipSyncInput
    dialects = (COMETAPI, OFFICIAL)
    # Kling's page lists its own task id as the only one to ask by.
    external_id_query_on = frozenset()

    def complete(self, values: dict[str, Any], media: Mapping[str, Media]) -> dict[str, Any]:
        """The times of the sound: without any, all of it, from the beginning of the video."""
        chosen = [
            completed(choice, _sound(media, place))
            for place, choice in enumerate(values["face_choose"])
        ]
        return {**values, "face_choose": chosen}

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        sources = [name for name in SOURCES if name in values]
        if not sources:
            message = "video_url is required, or video_id or session_id in its place."
            yield FieldError("video_url", "required", message)
        yield from check_apart(values, *((name,) for name in SOURCES))
        video = _video(media)
        for place, choice in enumerate(values["face_choose"]):
            if sources == ["session_id"] and "face_id" not in choice:
                message = "face_id is required with session_id."
                yield FieldError(f"face_choose.{place}.face_id", "required", message)
            for error in check_choice(choice, sound=_sound(media, place), video=video):
                path = f"face_choose.{place}.{error.field}"
                yield FieldError(path, error.code, error.message)

    def step(self, values: Mapping[str, Any]) -> Step | None:
        if "session_id" in values:
            return None
        source = {name: values[name] for name in ("video_id", "video_url") if name in values}
        return Step("identify-face", source)

    def after_step(self, body: dict[str, Any], found: Task) -> dict[str, Any]:
        chosen = [with_face(choice, found.outputs) for choice in body["face_choose"]]
        return {"session_id": found.task_id, **body, "face_choose": chosen}

    def seconds(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Decimal:
        """The longer of the video and the sound in it. Of a session's video the length may be
        unknown; then the end of the sound stands for it.
        """
        end = max(sound_end(choice) for choice in values["face_choose"]) / Decimal(1000)
        sound = end.to_integral_value(rounding=ROUND_CEILING)
        video = _video(media)
        if "session_id" in values and (video is None or video.seconds is None):
            return sound
        return max(sound, seconds_of(media, *SOURCES))

    def body(self, values: dict[str, Any], dialect: str) -> dict[str, Any]:
        body = {name: one for name, one in values.items() if name not in ("video_id", "video_url")}
        if dialect == COMETAPI:
            body["face_choose"] = [_as_comet_does(choice) for choice in body["face_choose"]]
        return body


def _video(media: Mapping[str, Media]) -> Media | None:
    return next((media[name] for name in SOURCES if name in media), None)


def _sound(media: Mapping[str, Media], place: int) -> Media | None:
    paths = (f"face_choose.{place}.{name}" for name in ("sound_file", "audio_id"))
    return next((media[path] for path in paths if path in media), None)


def _as_comet_does(choice: dict[str, Any]) -> dict[str, Any]:
    """CometAPI's page has numbers as text, and a name of its own for one of them."""
    names = {"original_audio_volume": "original_sound_volume"}
    return {names.get(name, name): str(value) for name, value in choice.items()}
