"""Jobs that wait for an admin's yes: the list, and both answers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Scope
from generations import approvals
from generations.errors import AlreadyDecided
from generations.views.finding import find
from generations.views.telling import operation_title, words_of

MOST_SHOWN = 100


@require_safe
@workspace_required
def approval_list(request: ActorRequest) -> HttpResponse:
    request.actor.require(Scope.APPROVE)
    rows = approvals.waiting(request.actor.workspace).order_by("pk")
    rows = rows.select_related("approval_request", "created_by", "api_key")
    jobs = [(job, words_of(job) or operation_title(job)) for job in rows[:MOST_SHOWN]]
    return render(request, "generations/approvals.html", {"jobs": jobs})


@require_POST
@workspace_required
def approve(request: ActorRequest, public_id: str) -> HttpResponse:
    found = find(request.actor, public_id)
    try:
        approvals.approve(found, by=request.actor)
    except AlreadyDecided as exc:
        messages.info(request, str(exc))
    else:
        messages.success(request, "Approved. It starts now.")
    return _back(request, public_id)


@require_POST
@workspace_required
def reject(request: ActorRequest, public_id: str) -> HttpResponse:
    found = find(request.actor, public_id)
    try:
        approvals.reject(found, by=request.actor, note=request.POST.get("reason", ""))
    except AlreadyDecided as exc:
        messages.info(request, str(exc))
    else:
        messages.success(request, "Rejected. The credits are free again.")
    return _back(request, public_id)


def _back(request: ActorRequest, public_id: str) -> HttpResponse:
    if request.POST.get("back") == "list":
        return redirect("approvals")
    return redirect("generation", public_id)
