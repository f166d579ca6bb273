"""The gallery: everything of the workspace, newest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import Actor
from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Workspace
from generations import offering
from generations.models import Generation
from generations.states import ACTIVE, State
from generations.views.finding import named
from generations.views.offers import offers
from generations.views.tiles import Tile, tile, without_steps
from generations.views.uses import Uses, uses

PAGE = 24
STATUSES: dict[str, tuple[str, frozenset[State]]] = {
    "ready": ("Ready", frozenset({State.SUCCEEDED})),
    "running": ("Running", ACTIVE),
    "failed": ("Failed", frozenset({State.FAILED})),
    "canceled": ("Cancelled", frozenset({State.CANCELED})),
}


@dataclass(frozen=True)
class Page:
    """Some rows, newest first, and the ids from which the pages beside it go on."""

    rows: list[Generation]
    older: str
    newer: str


@require_safe
@workspace_required
def gallery(request: ActorRequest) -> HttpResponse:
    filters = _filters(request.GET)
    rows = _matching(without_steps(request.actor.workspace), filters)
    before = _place(request.actor.workspace, request.GET.get("before", ""))
    after = _place(request.actor.workspace, request.GET.get("after", ""))
    page = _page(rows.prefetch_related("assets"), before=before, after=after)
    if not page.rows and (before or after):
        return redirect(f"{request.path}?{urlencode(filters)}")
    context: dict[str, Any] = {
        "tiles": items(page.rows, request.actor),
        "older_url": _url(filters, before=page.older),
        "newer_url": _url(filters, after=page.newer),
        "filters": filters,
        "statuses": {name: label for name, (label, _) in STATUSES.items()},
        "operations": offering.listed(),
        "may_write": request.actor.may_write,
        "kept_for": request.actor.workspace.plan.retention_days,
    }
    return render(request, "generations/gallery.html", context)


def items(rows: list[Generation], actor: Actor) -> list[Tile]:
    """Tiles, with what the actor can use their results for."""
    known = uses(offers()) if rows and actor.may_write else Uses()
    made = [tile(generation) for generation in rows]
    return [
        replace(one, uses=tuple(known.of(one.asset))) if one.asset is not None else one
        for one in made
    ]


def _filters(asked: QueryDict) -> dict[str, str]:
    """What is asked for and known; anything else filters nothing."""
    names = {operation.name for operation in offering.listed()}
    filters = {"status": asked.get("status", ""), "operation": asked.get("operation", "")}
    known = {"status": set(STATUSES), "operation": names}
    return {name: value for name, value in filters.items() if value in known[name]}


def _matching(rows: QuerySet[Generation], filters: dict[str, str]) -> QuerySet[Generation]:
    if status := filters.get("status"):
        rows = rows.filter(state__in=sorted(STATUSES[status][1]))
    if operation := filters.get("operation"):
        rows = rows.filter(operation=operation)
    return rows


def _page(rows: QuerySet[Generation], *, before: int | None, after: int | None) -> Page:
    """Keyset pages: as quick on the last one as on the first, and stable while rows are added."""
    if after:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        shown = found[:PAGE][::-1]
        return _neighbours(shown, older=True, newer=len(found) > PAGE)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return _neighbours(found[:PAGE], older=len(found) > PAGE, newer=before is not None)


def _neighbours(shown: list[Generation], *, older: bool, newer: bool) -> Page:
    return Page(
        rows=shown,
        older=shown[-1].public_id if shown and older else "",
        newer=shown[0].public_id if shown and newer else "",
    )


def _url(filters: dict[str, str], **place: str) -> str:
    given = {name: value for name, value in place.items() if value}
    return f"?{urlencode({**filters, **given})}" if given else ""


def _place(workspace: Workspace, public_id: str) -> int | None:
    """Where a page begins; also beside a generation that was deleted since."""
    rows = named(Generation.objects.filter(workspace=workspace), public_id)
    return rows.values_list("pk", flat=True).first()
