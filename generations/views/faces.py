"""The face choice of lip-sync: who is in the video, found by a small job of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

import generations.faces
from accounts.access import Actor, NotPermitted
from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Workspace
from accounts.quotas import QuotaExceeded
from billing.errors import AccountFrozen, InsufficientCredits
from billing.prices import price
from generations.errors import InvalidRequest, ProviderUnavailable, StorageUnavailable
from generations.faces import OPERATION, Face
from generations.models import Asset, Generation
from generations.views import telling
from generations.views.tiles import clock
from kling import catalogue

REFUSALS = (
    AccountFrozen,
    InvalidRequest,
    InsufficientCredits,
    NotPermitted,
    ProviderUnavailable,
    QuotaExceeded,
    StorageUnavailable,
)
NO_VIDEO = "Choose the video first."


@dataclass(frozen=True)
class FaceOption:
    """A face to choose; `seen` is when it is in the picture, as 0:00 to 0:04."""

    face_id: str
    picture: Asset
    seen: str
    milliseconds: int


@dataclass(frozen=True)
class FaceChoice:
    """What the part of the page shows: a button, a search that is going on, or faces."""

    session: Generation | None = None
    faces: tuple[FaceOption, ...] = ()
    chosen: str = ""
    problem: str = ""

    @property
    def is_searching(self) -> bool:
        return self.session is not None and not self.session.is_final

    @property
    def failure(self) -> str:
        failed = self.session is not None and self.session.is_final and not self.faces
        if not failed or self.session is None:
            return ""
        return self.session.error_message or telling.failure(self.session)


@require_POST
@workspace_required
def find(request: ActorRequest) -> HttpResponse:
    """Look for faces in the video of the form."""
    return _part(request, look_for(request.POST.get("input.video_url", ""), by=request.actor))


@require_safe
@workspace_required
def status(request: ActorRequest, public_id: str) -> HttpResponse:
    """204 while the search goes on, else what it has found."""
    found = generations.faces.session(request.actor.workspace, public_id)
    if found is None:
        raise Http404
    if not found.is_final:
        return HttpResponse(status=204)
    return _part(request, _choice(found, ""))


def look_for(video: str, *, by: Actor) -> FaceChoice:
    if not video:
        return FaceChoice(problem=NO_VIDEO)
    try:
        created = generations.faces.identify_faces({"video_url": video}, by=by)
    except REFUSALS as exc:
        return FaceChoice(problem=str(exc).removeprefix("video_url: "))
    return _choice(created.generation, "")


def choice_of(values: Mapping[str, Any], workspace: Workspace) -> FaceChoice:
    """What the values of a form say of it."""
    session = values.get("session_id")
    found = generations.faces.session(workspace, session) if session else None
    chosen = [row.get("face_id", "") for row in values.get("face_choose") or [] if row]
    return _choice(found, chosen[0] if chosen else "") if found else FaceChoice()


def without_stale_faces(values: dict[str, Any], workspace: Workspace) -> dict[str, Any]:
    """The faces of another video than the one that the form has now are no choice any more."""
    if "session_id" not in values:
        return values
    found = generations.faces.session(workspace, values["session_id"])
    if found is not None and found.input.get("video_url") == values.get("video_url"):
        return values
    left = {name: value for name, value in values.items() if name != "session_id"}
    rows = [_without_face(row) for row in values.get("face_choose", ())]
    return {**left, "face_choose": rows} if rows else left


def with_session(values: dict[str, Any], found: FaceChoice) -> dict[str, Any]:
    """The form after a search: with its session, and the video under the id that it has now."""
    if found.session is None:
        return values
    video = found.session.input.get("video_url", values.get("video_url"))
    return {**values, "session_id": found.session.public_id, "video_url": video}


def search_price() -> int:
    """Micro-credits of one search."""
    entry = catalogue.default().entry(OPERATION)
    units = sum((row.units for row in entry.rates), Decimal(0))
    return price(operation=OPERATION, model="", units=units, unit_type=entry.unit_type).credits


def context(found: FaceChoice) -> dict[str, Any]:
    return {"face_choice": found, "faces_price": search_price()}


def _choice(session: Generation, chosen: str) -> FaceChoice:
    faces = tuple(_option(face) for face in generations.faces.faces_of(session))
    longest = max(faces, key=lambda face: face.milliseconds, default=None)
    return FaceChoice(session, faces, chosen or (longest.face_id if longest else ""))


def _option(face: Face) -> FaceOption:
    begin, end = (clock(Decimal(at) / 1000) for at in (face.start_ms, face.end_ms))
    return FaceOption(face.face_id, face.picture, f"{begin} to {end}", face.end_ms - face.start_ms)


def _without_face(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "face_id"}


def _part(request: ActorRequest, found: FaceChoice) -> HttpResponse:
    return render(request, "generations/pieces/_faces.html", {**context(found), "is_update": True})
