"""A generation as a small picture with a caption: in the gallery and under the studio's form."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Workspace
from generations import queries
from generations.models import Asset, Generation, MediaKind, State
from generations.views import telling, watching
from generations.views.telling import Badge
from generations.views.uses import Use
from kling import operations

ICONS = {MediaKind.VOICE: "speech", MediaKind.ELEMENT: "cube"}


@dataclass(frozen=True)
class Tile:
    generation: Generation
    badge: Badge
    title: str
    asset: Asset | None
    ticket: str = ""
    uses: tuple[Use, ...] = ()

    @property
    def has_poster(self) -> bool:
        return self.asset is not None and bool(self.asset.poster_key)

    @property
    def is_picture(self) -> bool:
        """Also of an element, which is shown by one of its pictures where it has any."""
        asset = self.asset
        return asset is not None and asset.key is not None and asset.media_type[:6] == "image/"

    @property
    def icon(self) -> str:
        if self.generation.state == State.FAILED:
            return "warn"
        if self.generation.state == State.CANCELED:
            return "close"
        if self.generation.expired_at:
            return "trash"
        return ICONS.get(MediaKind(self.asset.kind), self.asset.kind) if self.asset else "clock"

    @property
    def length(self) -> str:
        return clock(self.asset.duration) if self.asset and self.asset.duration else ""

    @property
    def age(self) -> int:
        """Seconds since somebody asked for it."""
        return int((timezone.now() - self.generation.created_at).total_seconds())

    @property
    def is_ready(self) -> bool:
        return self.generation.state == State.SUCCEEDED and not self.generation.expired_at


def tile(generation: Generation) -> Tile:
    """`generation` with its assets fetched before, or each tile would ask for its own."""
    assets = list(generation.assets.all()) if generation.state == State.SUCCEEDED else []
    return Tile(
        generation=generation,
        badge=telling.badge(generation),
        ticket="" if generation.is_final else watching.ticket(generation),
        title=telling.words_of(generation) or telling.operation_title(generation),
        asset=assets[0] if assets else None,
    )


def without_steps(workspace: Workspace) -> QuerySet[Generation]:
    """What people have made; a search for faces is only a step on the way to it."""
    steps = [one.name for one in operations.all_operations() if one.is_step]
    return queries.for_workspace(workspace).exclude(operation__in=steps)


def recent_tiles(workspace: Workspace, *, limit: int) -> list[Tile]:
    rows = without_steps(workspace).order_by("-pk").prefetch_related("assets")
    return [tile(generation) for generation in rows[:limit]]


def clock(seconds: Decimal) -> str:
    """5.041 seconds as 0:05."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
