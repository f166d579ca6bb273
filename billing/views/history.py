"""All entries of a workspace's ledger, on pages and as a file."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts import keyset
from accounts.decorators import ActorRequest, workspace_required
from billing import history
from billing.exports import Cell, csv_response, in_credits
from billing.forms import HistoryForm
from billing.models import Entry

ENTRIES_A_PAGE = 50
HEADER = ("number", "time", "kind", "credits", "balance", "debt", "job", "order", "note")


@require_GET
@workspace_required
def entries(request: ActorRequest) -> HttpResponse:
    form = HistoryForm(request.GET)
    page: keyset.Page[Entry] = keyset.Page([], None)
    if form.is_valid():
        rows = history.entries(request.actor.workspace, form.wanted())
        try:
            page = keyset.newest_first(
                rows, field="seq", limit=ENTRIES_A_PAGE, cursor=request.GET.get("cursor")
            )
        except keyset.InvalidCursor:
            return redirect(f"{request.path}?{form.as_query()}")
    context = {
        "form": form,
        "entries": page.rows,
        "newer_url": f"?{form.as_query()}" if request.GET.get("cursor") else "",
        "older_url": f"?{form.as_query(cursor=page.next_cursor)}" if page.next_cursor else "",
    }
    return render(request, "billing/history.html", context, status=200 if form.is_valid() else 422)


@require_GET
@workspace_required
def export(request: ActorRequest) -> HttpResponseBase:
    """The same entries as on the page, oldest first."""
    form = HistoryForm(request.GET)
    if not form.is_valid():
        return redirect(f"{request.path.removesuffix('.csv')}/?{form.as_query()}")
    rows = history.entries(request.actor.workspace, form.wanted()).order_by("seq")
    return csv_response("credits", HEADER, map(_cells, rows.iterator(chunk_size=1000)))


def _cells(entry: Entry) -> Sequence[Cell]:
    return (
        entry.seq,
        entry.created_at,
        entry.kind,
        in_credits(entry.amount),
        in_credits(entry.balance_after),
        in_credits(entry.debt_after),
        history.job_of(entry),
        history.order_of(entry),
        entry.note,
    )
