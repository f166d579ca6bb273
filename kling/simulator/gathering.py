"""What a request is made from: the files and ids in it, before it is accepted."""

from __future__ import annotations

import base64
import binascii
import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from kling.media import MP3, MP4, Media, SourceKind, Spot, spots
from kling.operations import Operation

from . import ids, outputs
from .errors import Refusal
from .materials import Material
from .media.recipes import Recipe
from .settings import Settings
from .shelf import Shelf, wanted
from .store import Store
from .tasks import Task

# How a file that came in Base64 stands in the kept input; megabytes of text would stand there.
SHELVED = "upl_"


@dataclass(frozen=True, slots=True)
class Gathered:
    """`texts`: Base64 by its path. `refusal`: what is to be said of the first wrong id."""

    materials: tuple[Material, ...]
    texts: Mapping[str, str]
    refusal: Refusal | None

    def media(self) -> dict[str, Media]:
        """What is known of the files, by path: only earlier results are, at this time."""
        return {one.path: one.media for one in self.materials if one.media is not None}


def gather(
    operation: Operation,
    fields: Mapping[str, Any],
    *,
    dialect: str,
    settings: Settings,
    store: Store,
) -> Gathered:
    """Everything that the input names. Raises Refusal 1201 for a file in a form nobody takes."""
    named = tuple(spots(operation.Input, fields))
    files = [_file(spot, dialect=dialect, settings=settings) for spot in named if spot.rule]
    inline = {one.path for one in files if not one.address}
    parents = [
        (spot, ids.made(spot.value, kind, dialect=dialect, store=store, now=settings.clock()))
        for spot, kind in _ids(named)
        if kind != "face"
    ]
    results = [one for spot, parent in parents if parent for one in _made(spot, parent)]
    return Gathered(
        materials=(*files, *results),
        texts={spot.path: spot.value for spot in named if spot.path in inline},
        refusal=next(_refusals(named, parents), None),
    )


def _ids(named: Iterable[Spot]) -> Iterator[tuple[Spot, SourceKind]]:
    """Ids of what this provider's customers have made."""
    for spot in named:
        if spot.source is not None and not ids.is_preset(spot):
            yield spot, spot.source.kind


def _refusals(
    named: Iterable[Spot], parents: Iterable[tuple[Spot, Task | None]]
) -> Iterator[Refusal]:
    """Of ids that stand for nothing. Faces go by their number in the session."""
    made_by = {spot.path: parent for spot, parent in parents}
    sessions = [made_by[spot.path] for spot, kind in _ids(named) if kind == "session"]
    faces = {str(n) for one in sessions if one for n in range(len(outputs.of(one).portraits))}
    for spot, kind in _ids(named):
        is_known = spot.value in faces if kind == "face" else made_by[spot.path] is not None
        if not is_known:
            yield ids.not_found(kind)


def shelve(
    gathered: Gathered, fields: Mapping[str, Any], shelf: Shelf
) -> tuple[dict[str, Any], tuple[Material, ...]]:
    """The input with names of files in place of their Base64, and the files on the shelf."""
    kept = copy.deepcopy(dict(fields))
    materials = []
    for material in gathered.materials:
        text = gathered.texts.get(material.path)
        if text is not None:
            file = shelf.put(_decoded(text))
            _put(kept, material.path, SHELVED + file.rpartition("/")[2])
            material = replace(material, file=file, unseen=True)
        materials.append(material)
    return kept, tuple(materials)


def _file(spot: Spot, *, dialect: str, settings: Settings) -> Material:
    assert spot.rule is not None
    rule, start = spot.rule.on(dialect), spot.value[:10].lower()
    if start.startswith(("http:", "https:")):
        unseen = wanted(spot.value, settings.fetch_files)
        return Material(
            path=spot.path,
            kind=rule.kind,
            address=spot.value,
            unseen=unseen,
        )
    if start.startswith("data:"):
        message = f"{spot.path} value is invalid: Base64 goes without the data: prefix"
        raise Refusal(1201, message)
    if not rule.inline or start.startswith((SHELVED, "ast_")):
        raise Refusal(1201, f"{spot.path} value is invalid: an address is needed")
    return Material(path=spot.path, kind=rule.kind)


def _made(spot: Spot, parent: Task) -> Iterator[Material]:
    """What `parent` made, as a file. Voices and elements are none."""
    assert spot.source is not None
    made = outputs.of(parent)
    match spot.source.kind:
        case "video" if made.videos:
            yield _from_recipe(spot, parent, made.videos[0])
        case "audio":
            if recipe := made.speech or next((mp3 for mp3, _ in made.tunes), None):
                yield _from_recipe(spot, parent, recipe)
        case "session":
            seen = (one for one in parent.materials if one.kind == "video")
            yield from (replace(one, path=spot.path) for one in seen)


def _from_recipe(spot: Spot, parent: Task, recipe: Recipe) -> Material:
    is_video = recipe.kind == "mp4"
    media = Media(
        kind="video" if is_video else "audio",
        media_type=MP4 if is_video else MP3,
        bytes=1,
        width=recipe.width or None,
        height=recipe.height or None,
        seconds=Decimal(str(recipe.seconds)),
    )
    return Material(
        path=spot.path,
        kind=media.kind,
        file=f"media/{recipe.filename}",
        parent=parent.task_id,
        provider_id=spot.value,
        media=media,
    )


def _decoded(text: str) -> bytes:
    """Where it is no Base64, the text itself: it will be found to be no picture."""
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text.encode()


def _put(values: dict[str, Any], path: str, text: str) -> None:
    *parents, name = path.split(".")
    holder: Any = values
    for part in parents:
        holder = holder[int(part) if isinstance(holder, list) else part]
    holder[int(name) if isinstance(holder, list) else name] = text
