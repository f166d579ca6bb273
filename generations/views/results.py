"""What came of a generation, as a page plays it and offers it for download."""

from __future__ import annotations

from dataclasses import dataclass

from generations.assets import COPY_OF
from generations.models import Asset, Generation, MediaKind
from generations.representation import visible_assets
from generations.views.pieces import asset_title
from generations.views.uses import Use, Uses

FORMATS = {
    "video/mp4": ("MP4", "mp4"),
    "audio/mpeg": ("MP3", "mp3"),
    "audio/wav": ("WAV", "wav"),
    "image/png": ("PNG", "png"),
    "image/jpeg": ("JPEG", "jpg"),
    "image/webp": ("WebP", "webp"),
}
WITH_NAME = (MediaKind.VOICE, MediaKind.ELEMENT)
FEW = 2  # files that are offered in one row; more of them each below their own picture


@dataclass(frozen=True)
class Result:
    """`name`: of a voice or an element, which are known by it and may have no file."""

    asset: Asset
    is_playable: bool
    format: str
    filename: str
    name: str = ""
    uses: tuple[Use, ...] = ()

    @property
    def has_file(self) -> bool:
        return self.asset.key is not None


@dataclass(frozen=True)
class Results:
    all: tuple[Result, ...] = ()

    @property
    def shown(self) -> list[Result]:
        return [result for result in self.all if result.is_playable]

    @property
    def is_many(self) -> bool:
        return len(self.shown) > FEW

    @property
    def downloads(self) -> list[Result]:
        """What the row of buttons offers: what has none below a picture of its own."""
        files = [result for result in self.all if result.has_file]
        return [one for one in files if not (self.is_many and one.is_playable)]


def results(generation: Generation, uses: Uses) -> Results:
    """Each file once; of a sound in two formats only the first gets a player, of a film and its
    copy with a watermark the film.
    """
    made: list[Result] = []
    has_sound = False
    for asset in visible_assets(generation):
        is_sound, is_copy = asset.kind == MediaKind.AUDIO, COPY_OF in asset.details
        label, extension = FORMATS.get(asset.media_type, ("File", "bin"))
        made.append(
            Result(
                asset=asset,
                is_playable=not (is_copy or (is_sound and has_sound)),
                format=f"{label} with watermark" if is_copy else label,
                filename=f"{generation.public_id}-{asset.index + 1}.{extension}",
                name=asset_title(asset) if asset.kind in WITH_NAME else "",
                uses=() if is_copy else tuple(uses.of(asset)),
            )
        )
        has_sound = has_sound or is_sound
    return Results(tuple(made))
