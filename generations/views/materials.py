"""What a form's field is given while the page is open: an upload, a link, a result."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import NotPermitted
from accounts.decorators import ActorRequest, workspace_required
from accounts.quotas import QuotaExceeded
from generations import files, queries
from generations.errors import InvalidRequest, StorageUnavailable, TooLarge, UnsupportedMedia
from generations.forms import Taking, taking_at
from generations.views.offers import offers
from generations.views.pieces import of_upload, pieces, shelf
from generations.views.receiving import receive_file, receive_link
from generations.views.sheet import chosen

STATUSES: dict[type[Exception], int] = {
    InvalidRequest: 422,
    UnsupportedMedia: 415,
    TooLarge: 413,
    NotPermitted: 403,
    QuotaExceeded: 429,
    StorageUnavailable: 503,
}


@require_POST
@workspace_required
def upload(request: ActorRequest) -> HttpResponse:
    """Keep the file, or what is behind the link, for a field; its card, or why not in plain text.

    `operation` and `field` name the field, `file` or `link` is what it is given.
    """
    operation, field = request.POST.get("operation", ""), request.POST.get("field", "")
    taking = _taking(operation, field)
    try:
        if file := request.FILES.get("file"):
            piece = of_upload(receive_file(file, taking, by=request.actor))
        else:
            link = request.POST.get("link", "").strip()
            value = receive_link(link, operation, field, by=request.actor)
            piece = pieces(request.actor.workspace, {value})[value]
    except tuple(STATUSES) as exc:
        return _refusal(str(exc), STATUSES[type(exc)])
    context = {"piece": piece, "taking": taking}
    return render(request, "generations/pieces/_piece.html", context, status=201)


@require_safe
@workspace_required
def choose(request: ActorRequest, operation: str) -> HttpResponse:
    """What of the workspace, and of the provider's own, fits into a field."""
    taking = _taking(operation, request.GET.get("field", ""))
    found = shelf(request.actor.workspace, taking)
    context = {"taking": taking, "shelf": found}
    return render(request, "generations/pieces/_shelf.html", context)


@require_safe
@workspace_required
def content(request: ActorRequest, public_id: str) -> HttpResponseBase:
    """An upload of the workspace, to be seen or played in the form."""
    own = queries.uploads_of(request.actor.workspace)
    return files.upload_response(get_object_or_404(own, public_id=public_id), request)


def _taking(operation: str, field: str) -> Taking:
    """Raises Http404 where the operation is not offered, or the field takes nothing."""
    taking = taking_at(chosen(offers(), operation or "-").schema, field)
    if taking is None:
        raise Http404
    return taking


def _refusal(message: str, status: int) -> HttpResponse:
    return HttpResponse(message, status=status, content_type="text/plain; charset=utf-8")
