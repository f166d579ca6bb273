"""What a workspace used: a chart and tables, and all of it as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.decorators import ActorRequest, workspace_required
from accounts.models import ApiKey, User, Workspace
from billing.exports import Cell, csv_response, in_credits
from billing.forms import PeriodForm
from generations import offering, usage
from generations.views import charts

ROWS_SHOWN = 50
HEADER = ("day", "operation", "member", "key", "key_label", "jobs", "credits")


class UsageForm(PeriodForm):
    most_days, usual_days = usage.MOST_DAYS, 30
    operation = forms.ChoiceField(required=False, widget=forms.Select(attrs={"class": "select"}))
    member = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        empty_label="Everybody",
        widget=forms.Select(attrs={"class": "select"}),
    )
    key = forms.ModelChoiceField(
        ApiKey.objects.none(),
        required=False,
        label="API key",
        empty_label="All, and the pages",
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(self, data: QueryDict, *, workspace: Workspace) -> None:
        super().__init__(data)
        self.workspace = workspace
        operations = [(one.name, one.title) for one in offering.listed()]
        self.fields["operation"].choices = [("", "All operations"), *operations]  # type: ignore[attr-defined]
        self.fields["member"].queryset = workspace.members.order_by("email")  # type: ignore[attr-defined]
        self.fields["key"].queryset = workspace.api_keys.order_by("label", "pk")  # type: ignore[attr-defined]

    def selection(self) -> usage.Selection:
        asked = self.cleaned_data
        return usage.Selection(
            workspace=self.workspace,
            first=asked["from"],
            last=asked["to"],
            operation=asked["operation"],
            member=asked["member"].pk if asked["member"] else None,
            key=asked["key"].pk if asked["key"] else None,
        )


@require_GET
@workspace_required
def page(request: ActorRequest) -> HttpResponse:
    form = UsageForm(request.GET, workspace=request.actor.workspace)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= _sums(form.selection())
    return render(
        request, "generations/usage.html", context, status=200 if form.is_valid() else 422
    )


@require_GET
@workspace_required
def export(request: ActorRequest) -> HttpResponseBase:
    form = UsageForm(request.GET, workspace=request.actor.workspace)
    if not form.is_valid():
        return redirect(f"{request.path.removesuffix('.csv')}/?{form.as_query()}")
    rows = usage.per_day(form.selection(), group_by=usage.GROUPS)
    name = f"usage-{form.selection().first}-{form.selection().last}"
    return csv_response(name, HEADER, _cells(rows.iterator(chunk_size=1000)))


def _sums(selection: usage.Selection) -> dict[str, Any]:
    days = list(usage.by_day(selection))
    made = charts.per_day(
        {row["day"]: row["credits"] for row in days}, first=selection.first, last=selection.last
    )
    return {
        "selection": selection,
        "days": days,
        "chart": made,
        "total": {name: sum(row[name] for row in days) for name in ("count", "credits")},
        "tables": [
            ("Operation", _named(usage.by(selection, "operation"), _operation)),
            ("Member", _named(usage.by(selection, "created_by__email"), _member)),
            ("API key", _named(usage.by(selection, "api_key__label", "api_key__prefix"), _key)),
        ],
    }


def _named(rows: Any, name: Any) -> list[dict[str, Any]]:
    return [{**row, "name": name(row)} for row in rows[:ROWS_SHOWN]]


def _operation(row: dict[str, Any]) -> str:
    return usage.title_of(row["operation"])


def _member(row: dict[str, Any]) -> str:
    return row["created_by__email"] or "Programs, and people who are gone"


def _key(row: dict[str, Any]) -> str:
    if row["api_key__prefix"] is None:
        return "Made on the pages"
    return f"{row['api_key__label']} ({row['api_key__prefix'][:6]}…)"


def _cells(rows: Iterator[dict[str, Any]]) -> Iterator[Sequence[Cell]]:
    for row in rows:
        yield (
            row["day"].isoformat(),
            row["operation"],
            row["member"],
            row["key"],
            row["key_label"],
            row["count"],
            in_credits(row["credits"]),
        )
