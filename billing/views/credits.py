"""The credits page: what is there, what can be bought, what happened."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts import keyset
from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Scope, Workspace
from billing import checkout, credits, queries, stripe_client
from billing.amounts import to_text
from billing.errors import PaymentUnavailable, UnknownPack

ENTRIES_A_PAGE = 25
ORDERS_SHOWN = 10
EXPIRIES_SHOWN = 3


@require_GET
@workspace_required
def overview(request: ActorRequest) -> HttpResponse:
    workspace = request.actor.workspace
    try:
        page = keyset.newest_first(
            queries.entries_of(workspace),
            field="seq",
            limit=ENTRIES_A_PAGE,
            cursor=request.GET.get("cursor"),
        )
    except keyset.InvalidCursor:
        return redirect("credits")
    context = {
        "balance": credits.balance(workspace),
        "expiring": queries.expiring(workspace)[:EXPIRIES_SHOWN],
        "packs": queries.packs_on_sale(),
        "may_buy": request.actor.may(Scope.BILLING),
        "page": page,
        "is_first_page": not request.GET.get("cursor"),
        "orders": queries.orders_of(workspace)[:ORDERS_SHOWN],
    }
    response = render(request, "billing/credits.html", context)
    # A browser checks where a form's answer redirects to, too: the payment page.
    response._csp_update = {"form-action": [stripe_client.checkout_origin()]}  # type: ignore[attr-defined]
    return response


@require_POST
@workspace_required
def buy(request: ActorRequest, slug: str) -> HttpResponse:
    try:
        order = checkout.start_checkout(by=request.actor, pack_slug=slug)
    except (UnknownPack, PaymentUnavailable) as exc:
        messages.error(request, str(exc))
        return redirect("credits")
    return redirect(order.checkout_url)


@require_GET
@workspace_required
def export(request: ActorRequest) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        _csv_lines(request.actor.workspace), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="credits.csv"'
    return response


class _Echo:
    """A file that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(workspace: Workspace) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["number", "time", "kind", "credits", "balance", "reference", "note"])
    for entry in queries.entries_of(workspace).order_by("seq").iterator(chunk_size=1000):
        yield writer.writerow(
            [
                entry.seq,
                entry.created_at.isoformat(timespec="seconds"),
                entry.kind,
                to_text(entry.amount),
                to_text(entry.balance_after),
                entry.hold.reference if entry.hold else "",
                _plain(entry.note),
            ]
        )


def _plain(text: str) -> str:
    """Spreadsheets run cells that start so as formulas."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
