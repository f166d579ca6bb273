"""A file of an input, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from generations.inputs import held
from generations.inputs.looking import Looked
from kling.media import Media, MediaKind

# A text of the form of an upload's id that is too long to be one: what stands in an input for a
# file that nobody keeps.
STAND_IN = "upl_{digest:.40}"


@dataclass(frozen=True)
class Known:
    """`value` stands for the file in the input; `digest` is its SHA-256."""

    value: str
    media: Media
    digest: str


def of_row(row: held.Row) -> Known:
    return Known(row.public_id, held.media_of(row), row.sha256)


def of_looked(looked: Looked) -> Known:
    received, probe = looked.received, looked.probe
    media = Media(
        kind=cast(MediaKind, received.media_type.kind),
        media_type=received.media_type.name,
        bytes=received.bytes,
        width=probe.width,
        height=probe.height,
        seconds=probe.duration,
        frames_per_second=probe.frames_per_second,
    )
    return Known(STAND_IN.format(digest=received.sha256), media, received.sha256)
