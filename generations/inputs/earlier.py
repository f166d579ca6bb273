"""What the provider made before, and knows by an id of its own.

The id of a provider means one thing at one account. Which workspace it belongs to only our rows
say, so an id that another workspace's row has must look like one that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts import wall
from accounts.models import Workspace
from generations import queries
from generations.inputs import held
from generations.models import Asset, Generation, ProviderAccount, State
from kling import operations
from kling.media import MP4, Face, Media, SourceId, spots

# How long a provider keeps what it made (protocol, sections 3.4 and 7.7); voices and elements stay.
LIVES = {"video": timedelta(days=30), "audio": timedelta(days=30), "session": timedelta(hours=24)}
# The ids of these are nobody's secret and mean nothing alone: a face is one of its session's.
WITHOUT_OWNER = frozenset({"face"})
IDENTIFY_FACE = "identify-face"


@dataclass(frozen=True)
class Earlier:
    """`provider_id` is "" where the provider gave none. `asset`: its file here, if there is one."""

    provider_id: str
    generation: Generation
    ends_at: datetime | None
    media: Media | None = None
    asset: Asset | None = None

    @property
    def account(self) -> ProviderAccount:
        return self.generation.account

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= timezone.now()

    @property
    def is_at_hand(self) -> bool:
        """Whether the provider can be asked for it by its id now."""
        return bool(self.provider_id) and not self.is_over


def find(workspace: Workspace, source: SourceId, text: str) -> Earlier | None:
    """What `text` names in this workspace: our id or the provider's. None: nothing here."""
    if source.kind in ("session", "task"):
        return _task(workspace, source.kind, text)
    rows = queries.assets_of(workspace).filter(
        Q(public_id=text) | Q(provider_asset_id=text),
        kind=source.kind,
    )
    found = rows.select_related("generation__account").order_by("-pk").first()
    return None if found is None else of_asset(found)


def of_asset(asset: Asset) -> Earlier:
    """A result as its provider knows it; `asset` comes with its generation and account."""
    return Earlier(
        provider_id=asset.provider_asset_id,
        generation=asset.generation,
        ends_at=_end(asset.kind, asset.generation),
        media=held.media_of(asset) if asset.key else None,
        asset=asset if asset.key else None,
    )


def is_anothers(source: SourceId, text: str) -> bool:
    """Whether some row has this id of a provider. Asked only of what is not ours."""
    with wall.lifted():
        return Asset.objects.filter(provider_asset_id=text, kind=source.kind).exists()


def _task(workspace: Workspace, kind: str, text: str) -> Earlier | None:
    jobs = queries.for_workspace(workspace).filter(
        Q(public_id=text) | Q(task_id=text), state=State.SUCCEEDED
    )
    if kind == "session":
        jobs = jobs.filter(operation=IDENTIFY_FACE)
    job = jobs.first()
    if job is None:
        return None
    media = _seen_in(workspace, job) if kind == "session" else None
    return Earlier(job.task_id, job, _end(kind, job), media)


def _seen_in(workspace: Workspace, session: Generation) -> Media:
    """The video of a session as far as it is still known, with the faces that were found in it."""
    video = _video_of(workspace, session) or Media("video", MP4, 0)
    faces = (
        Face(one.provider_asset_id, one.details["start_ms"], one.details["end_ms"])
        for one in session.assets.all()
        if "face_id" in one.details
    )
    return replace(video, faces=tuple(faces) or None)


def _video_of(workspace: Workspace, session: Generation) -> Media | None:
    """The video in which a session has looked for faces, unless it was deleted."""
    for spot in spots(operations.get(session.operation).Input, session.input):
        if spot.rule and (row := held.find(workspace, [spot.value]).get(spot.value)):
            return held.media_of(row)
        if spot.source and (known := find(workspace, spot.source, spot.value)):
            return known.media
    return None


def _end(kind: str, job: Generation) -> datetime | None:
    # Counted from the submission: the provider's clock began before our row of the result.
    life = LIVES.get(kind)
    return None if life is None else (job.submitted_at or job.created_at) + life
