"""One generation: where it stands, what came of it, what can be done with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.access import Actor
from accounts.decorators import ActorRequest, workspace_required
from generations import actions, places
from generations.errors import NotCancellable, NotFinished
from generations.models import Generation, State
from generations.representation import expires_at, held, visible_assets
from generations.views import telling, watching
from generations.views.finding import find, find_alone
from generations.views.gallery import items
from generations.views.offers import offers
from generations.views.results import results
from generations.views.tiles import tile
from generations.views.uses import Uses, uses


@require_safe
@workspace_required
def generation(request: ActorRequest, public_id: str) -> HttpResponse:
    found = find(request.actor, public_id)
    return render(request, "generations/generation.html", _context(found, request.actor))


@require_GET
@workspace_required
def status(request: ActorRequest, public_id: str) -> HttpResponse:
    """The part of a page that shows it; an open page asks `watching` whether it has changed."""
    match request.GET.get("as"):
        case "tile":
            template = "generations/_tile.html"
            context: dict[str, Any] = {"tile": tile(find_alone(request.actor, public_id))}
        case "item":
            template = "generations/_gallery_item.html"
            [item] = items([find_alone(request.actor, public_id)], request.actor)
            context = {"tile": item, "may_write": request.actor.may_write}
        case _:
            template = "generations/_job.html"
            context = _context(find(request.actor, public_id), request.actor)
    return render(request, template, {**context, "is_update": True})


@require_POST
@workspace_required
def cancel(request: ActorRequest, public_id: str) -> HttpResponse:
    found = find(request.actor, public_id)
    try:
        actions.cancel(found, by=request.actor)
    except NotCancellable as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, "Cancelled. Your credits are free again.")
    return redirect("generation", public_id)


@require_POST
@workspace_required
def delete(request: ActorRequest, public_id: str) -> HttpResponse:
    found = find(request.actor, public_id)
    try:
        actions.delete(found, by=request.actor)
    except NotFinished as exc:
        messages.error(request, str(exc))
        return redirect("generation", public_id)
    messages.success(request, "Deleted.")
    return redirect("gallery")


def _uses(state: State, actor: Actor) -> Uses:
    """What results can go into; not asked while there are none."""
    return uses(offers()) if state == State.SUCCEEDED and actor.may_write else Uses()


def _expires_at(found: Generation) -> datetime | None:
    """When the first of its files may go; None: never, or there are none."""
    dates = (expires_at(asset) for asset in visible_assets(found))
    return min((date for date in dates if date is not None), default=None)


def _context(found: Generation, actor: Actor) -> dict[str, Any]:
    state = State(found.state)
    return {
        "generation": found,
        "expires_at": _expires_at(found),
        "results": results(found, _uses(state, actor)),
        "phase": telling.phase(found),
        "badge": telling.badge(found),
        "now": telling.now(found),
        "line": telling.line(places.of([found]).get(found.pk)),
        "ticket": watching.ticket(found, with_line=True),
        "steps": telling.steps(found),
        "failure": telling.failure(found) if state == State.FAILED else "",
        "said_by_provider": telling.said_by_provider(found),
        "history": telling.history(found),
        "settings": telling.settings(found),
        "words": telling.words_of(found),
        "operation_title": telling.operation_title(found),
        "model_title": telling.model_title(found),
        "usual_time": telling.usual_time(found),
        "held": held(found),
        "age": int((timezone.now() - found.created_at).total_seconds()),
        "may_cancel": state == State.QUEUED and actor.may_write,
        "may_delete": found.is_final and actor.may_write,
        "may_write": actor.may_write,
        "may_approve": actor.may_approve,
    }
