"""Identify faces: who can be made to speak in a video (protocol, section 7.7).

A step of lip-sync. The answer comes at once and has no task: its session, which lives for 24
hours, stands for one (kling/faces).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from kling.errors import FieldError
from kling.media import MEGABYTE, MOV, MP4, IdText, Media, MediaRule, MediaText, SourceId
from kling.operations.base import COMETAPI, OFFICIAL, Facts, Operation, OperationInput
from kling.operations.exclusions import check_exactly_one

# The page says "720p or 1080p only" besides; which sides those have, it does not say.
FACE_VIDEO = MediaRule(
    kind="video",
    media_types=(MP4, MOV),
    max_bytes=100 * MEGABYTE,
    inline=False,
    min_side=512,
    max_side=2160,
    min_seconds=Decimal(2),
    max_seconds=Decimal(60),
    id_field="video_id",
)


class IdentifyFaceInput(OperationInput):
    video_id: Annotated[
        IdText | None,
        SourceId("video", file_field="video_url"),
        Facts(
            title="Kling's video",
            description="Kling's id of a video made in the last 30 days, in place of a file.",
            order=20,
        ),
    ] = None
    video_url: Annotated[
        MediaText | None,
        FACE_VIDEO,
        Facts(
            title="Video",
            description="MP4 or MOV, 2 to 60 seconds, 720p or 1080p, at most 100 MB.",
            order=10,
        ),
    ] = None


class IdentifyFace(Operation):
    name = "identify-face"
    title = "Identify faces"
    description = "Finds the faces of a video that can be made to speak."
    path = "videos/identify-face"
    media_kind = "image"
    result_kind = "faces"
    Input = IdentifyFaceInput
    dialects = (COMETAPI, OFFICIAL)
    callbacks_on = frozenset()
    external_ids_on = frozenset()
    external_id_query_on = frozenset()
    synchronous = True
    listed = False
    is_step = True

    def check(self, values: Mapping[str, Any], media: Mapping[str, Media]) -> Iterator[FieldError]:
        yield from check_exactly_one(values, "video_url", "video_id")
