"""What stands in a field that takes a file or an earlier result, as a card shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from kling.media import is_held

Schema = Mapping[str, Any]
KIND_WORDS = {
    "video": "video",
    "image": "picture",
    "audio": "sound",
    "voice": "voice",
    "element": "element",
}


@dataclass(frozen=True)
class Piece:
    """`value` is what the field holds: an id of ours, an address, or an id of the provider's.

    `url` plays or shows it and `poster` is a small picture of it; both are empty where there is
    nothing to see. `is_gone`: an id of ours that leads nowhere (any more).
    """

    value: str
    kind: str
    title: str
    note: str = ""
    url: str = ""
    poster: str = ""
    is_gone: bool = False


@dataclass(frozen=True)
class Preset:
    """A ready-made thing of the provider's, such as one of Kling's voices."""

    value: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class Taking:
    """What a field takes: a file of these media types, or (without any) only an id."""

    kind: str
    types: tuple[str, ...] = ()
    max_bytes: int = 0
    presets: tuple[Preset, ...] = ()

    @property
    def is_file(self) -> bool:
        return bool(self.types)

    @property
    def accept(self) -> str:
        return ",".join(self.types)

    @property
    def megabytes(self) -> int:
        return self.max_bytes // (1024 * 1024)

    @property
    def noun(self) -> str:
        return KIND_WORDS.get(self.kind, "file")

    @property
    def formats(self) -> str:
        """JPEG or PNG."""
        names = [FORMATS.get(one, one.partition("/")[2].upper()) for one in self.types]
        return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    @property
    def preset_pieces(self) -> list[Piece]:
        return [Piece(one.value, self.kind, one.title, one.note) for one in self.presets]

    def takes(self, kind: str, media_type: str) -> bool:
        return media_type in self.types if self.types and media_type else kind == self.kind


FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "video/mp4": "MP4",
    "video/quicktime": "MOV",
    "audio/mpeg": "MP3",
    "audio/wav": "WAV",
    "audio/mp4": "M4A",
    "audio/aac": "AAC",
}
# Ids of the provider's that go along with another one; whoever sends a result of ours knows them.
_SILENT = frozenset({"task", "face"})


def taking(spec: Schema) -> Taking | None:
    """What the field of this schema takes, or None where it takes neither file nor result."""
    if media := spec.get("x-media"):
        return Taking(media["kind"], tuple(media["types"]), media["max_bytes"])
    source = spec.get("x-source")
    if source is None or source in _SILENT:
        return None
    return Taking(source, presets=tuple(_presets(spec)))


def _presets(spec: Schema) -> Iterator[Preset]:
    languages = {"zh": "Chinese", "en": "English"}
    for row in spec.get("x-presets", ()):
        spoken = " and ".join(languages.get(one, one) for one in row.get("languages", ()))
        yield Preset(row["id"], row["title"], spoken)


def is_silent(spec: Schema) -> bool:
    """An id that nobody has to give who chooses a result."""
    return spec.get("x-source") in _SILENT


def piece_of(value: str, taking: Taking, known: Mapping[str, Piece]) -> Piece | None:
    """The card of `value`; None where the field is empty."""
    if not value:
        return None
    if value in known:
        return known[value]
    for preset in taking.presets:
        if preset.value == value:
            return Piece(value, taking.kind, preset.title, preset.note)
    if is_held(value):
        return Piece(value, taking.kind, "Not here any more", "Choose another one.", is_gone=True)
    return Piece(value, taking.kind, _title(value), "From a link" if "://" in value else "")


def _title(value: str) -> str:
    """The file's name in an address, else as much of the text as fits."""
    name = unquote(urlsplit(value).path.rpartition("/")[2]) if "://" in value else ""
    return (name or value)[:80]


def held_in(value: Any) -> set[str]:
    """Every id of ours in the values of a form."""
    if isinstance(value, str):
        return {value} if is_held(value) else set()
    inner: Iterable[Any] = ()
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    return {found for one in inner for found in held_in(one)}
