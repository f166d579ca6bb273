"""The workspace's own files and results as cards: in a form's field, and to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from accounts.models import Workspace
from generations import queries
from generations.forms import Piece, Taking
from generations.models import Asset, MediaKind, State, Upload
from generations.views import telling
from generations.views.tiles import clock

SHOWN = 24  # of each, the newest


@dataclass(frozen=True)
class Shelf:
    results: list[Piece]
    uploads: list[Piece]


def pieces(workspace: Workspace, ids: Iterable[str]) -> dict[str, Piece]:
    """By id; what is absent, gone or another's is left out."""
    wanted = set(ids)
    found: dict[str, Piece] = {}
    if uploads := {one for one in wanted if one.startswith("upl_")}:
        rows = queries.uploads_of(workspace).filter(public_id__in=uploads)
        found |= {row.public_id: of_upload(row) for row in rows}
    if wanted - uploads:
        results = _results(workspace).filter(public_id__in=wanted - uploads)
        found |= {row.public_id: of_asset(row) for row in results}
    return found


def shelf(workspace: Workspace, taking: Taking) -> Shelf:
    """What of the workspace fits into a field, newest first."""
    results, uploads = _results(workspace), queries.uploads_of(workspace)
    if taking.is_file:
        results = results.filter(media_type__in=taking.types)
        uploads = uploads.filter(media_type__in=taking.types)
    else:
        results, uploads = results.filter(kind=taking.kind), uploads.none()
    return Shelf(
        results=[of_asset(row) for row in results.order_by("-pk")[:SHOWN]],
        uploads=[of_upload(row) for row in uploads.order_by("-pk")[:SHOWN]],
    )


def find_asset(workspace: Workspace, public_id: str) -> Asset | None:
    """A result of the workspace that can be seen; what cannot be an id is not looked for."""
    if not public_id.isascii() or not public_id.startswith("ast_") or len(public_id) > 40:
        return None
    return _results(workspace).filter(public_id=public_id.replace("\0", "")).first()


def _results(workspace: Workspace) -> QuerySet[Asset]:
    """Only whole ones: of a job that has succeeded, was not deleted, and was sold by itself."""
    return (
        queries.assets_of(workspace)
        .filter(generation__state=State.SUCCEEDED, generation__deleted_at=None)
        .exclude(generation__operation="identify-face")
        .select_related("generation")
    )


def of_asset(asset: Asset) -> Piece:
    has_file = asset.key is not None
    return Piece(
        value=asset.public_id,
        kind=asset.kind,
        title=asset_title(asset),
        note=_note(asset),
        url=reverse("asset_content", args=[asset.public_id]) if has_file else "",
        poster=reverse("asset_poster", args=[asset.public_id]) if asset.poster_key else "",
    )


def of_upload(upload: Upload) -> Piece:
    return Piece(
        value=upload.public_id,
        kind=upload.kind,
        title=upload.filename or _name_in(upload.source_url) or "Your file",
        note=_note(upload),
        url=reverse("upload_content", args=[upload.public_id]),
    )


def asset_title(asset: Asset) -> str:
    """The name of a voice or an element, else the words that the result was made of."""
    details: dict[str, Any] = asset.details
    named = asset.kind in (MediaKind.VOICE, MediaKind.ELEMENT)
    given = asset.generation.input.get(f"{asset.kind}_name") if named else ""
    words = details.get("name") or given or telling.words_of(asset.generation)
    return str(words or telling.operation_title(asset.generation))[:120]


def _note(row: Asset | Upload) -> str:
    """0:05 · 1280 × 720 · 3 hours ago"""
    parts = [clock(row.duration)] if row.duration else []
    parts += [f"{row.width} × {row.height}"] if row.width and row.height else []
    age = timesince(row.created_at, timezone.now(), depth=1).replace("\xa0", " ")
    return " · ".join([*parts, "just now" if age.startswith("0 ") else f"{age} ago"])


def _name_in(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2][:80]
