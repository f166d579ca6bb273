"""What came of a generation, as a page plays it and offers it for download."""

from __future__ import annotations

from dataclasses import dataclass

from generations.models import Asset, Generation, MediaKind
from generations.representation import visible_assets

FORMATS = {
    "video/mp4": ("MP4", "mp4"),
    "audio/mpeg": ("MP3", "mp3"),
    "audio/wav": ("WAV", "wav"),
    "image/png": ("PNG", "png"),
    "image/jpeg": ("JPEG", "jpg"),
    "image/webp": ("WebP", "webp"),
}


@dataclass(frozen=True)
class Result:
    asset: Asset
    is_playable: bool
    format: str
    filename: str


def results(generation: Generation) -> list[Result]:
    """Each file once; of a sound in two formats only the first gets a player."""
    made: list[Result] = []
    has_sound = False
    for asset in visible_assets(generation):
        is_sound = asset.kind == MediaKind.AUDIO
        label, extension = FORMATS.get(asset.media_type, ("File", "bin"))
        made.append(
            Result(
                asset=asset,
                is_playable=not (is_sound and has_sound),
                format=label,
                filename=f"{generation.public_id}-{asset.index + 1}.{extension}",
            )
        )
        has_sound = has_sound or is_sound
    return made
