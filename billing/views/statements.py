from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.decorators import ActorRequest, workspace_required
from billing import statements
from billing.errors import NotClosed
from billing.exports import Cell, csv_response, in_credits
from billing.statements import Statement


@require_GET
@workspace_required
def months(request: ActorRequest) -> HttpResponse:
    found = statements.closed_months(request.actor.workspace)
    return render(request, "billing/statements.html", {"months": found})


@require_GET
@workspace_required
def statement(request: ActorRequest, name: str) -> HttpResponse:
    context = {"statement": _statement(request, name), "workspace": request.actor.workspace}
    return render(request, "billing/statement.html", context)


@require_GET
@workspace_required
def export(request: ActorRequest, name: str) -> HttpResponseBase:
    found = _statement(request, name)
    return csv_response(
        f"statement-{found.month}", ("line", "count", "credits", "debt"), _cells(found)
    )


def _statement(request: ActorRequest, name: str) -> Statement:
    month = statements.month_named(name)
    if month is None:
        raise Http404
    try:
        return statements.statement(request.actor.workspace, month)
    except NotClosed as exc:
        raise Http404(str(exc)) from exc


def _cells(found: Statement) -> Iterator[Sequence[Cell]]:
    yield _standing("Opening balance", found.opening)
    for line in found.lines:
        yield line.label, line.count, in_credits(line.amount), in_credits(line.debt)
    yield _standing("Closing balance", found.closing)
    for line in found.charges:
        yield f"Of the charges: {line.label}", line.count, in_credits(line.amount), None


def _standing(label: str, standing: statements.Standing) -> Sequence[Cell]:
    return label, None, in_credits(standing.balance), in_credits(standing.debt)
