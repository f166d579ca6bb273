"""The operator's report, inside the admin: revenue, provider cost, margin and variance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from billing import revenue
from billing.exports import Cell, csv_response, in_credits
from billing.forms import PeriodForm
from generations import margins
from generations.margins import Figures, Period

SHOWN = 25
NOT_KNOWN = "not known"
FIGURES = (
    "jobs",
    "charged_credits",
    "quoted_units",
    "deducted_units",
    "variance_units",
    "value",
    "cost",
    "margin",
    "jobs_without_known_cost",
)
JOB = ("job", "ended", "workspace", "operation", "model", "account", "unit_type", "unit_cost")
HEADERS = {
    "day": ("day", "unit_type", *FIGURES),
    "model": ("operation", "model", "unit_type", *FIGURES),
    "job": (*JOB, *FIGURES),
}


class ReportForm(PeriodForm):
    most_days, usual_days = 366, 30

    def period(self) -> Period:
        return Period(self.cleaned_data["from"], self.cleaned_data["to"])


def urls(site: AdminSite) -> list[URLPattern]:
    """Addresses for the admin of jobs, closed to all but the staff."""
    report = site.admin_view(partial(page, site=site))
    return [
        path("margins/", report, name="generations_margins"),
        *(
            path(f"margins/{by}.csv", site.admin_view(partial(export, by=by)), name=f"margins_{by}")
            for by in HEADERS
        ),
    ]


def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    _require_permission(request)
    form = ReportForm(request.GET)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": "Revenue, cost and variance",
        "form": form,
        "currency": settings.OPERATOR_CURRENCY.upper(),
    }
    if form.is_valid():
        context |= _report(form.period())
    status = 200 if form.is_valid() else 422
    return render(request, "generations/admin_margins.html", context, status=status)


def export(request: HttpRequest, by: str) -> HttpResponseBase:
    _require_permission(request)
    form = ReportForm(request.GET)
    if not form.is_valid():
        return redirect(f"../?{form.as_query()}")
    period = form.period()
    name = f"margins-{by}-{period.first}-{period.last}"
    rows = _jobs(period) if by == "job" else _groups(period, by)
    return csv_response(name, HEADERS[by], rows)


def _require_permission(request: HttpRequest) -> None:
    """Money of all customers: for those of the staff who may see both orders and jobs."""
    if not request.user.has_perms(["generations.view_generation", "billing.view_order"]):
        raise PermissionDenied


def _report(period: Period) -> dict[str, Any]:
    variances = margins.largest_variances(period, SHOWN)
    absent = margins.latest_without_deduction(period, SHOWN)
    return {
        "period": period,
        "revenue": revenue.by_currency(period.start, period.end),
        "total": margins.total(period),
        "groups": [
            ("By model", "model", margins.grouped(period, "model")),
            ("By day", "day", margins.grouped(period, "day")),
        ],
        "variances": [(job, margins.of_job(period, job)) for job in variances],
        "absent": absent,
        "absent_count": margins.without_deduction(period).count(),
    }


def _groups(period: Period, by: str) -> Iterator[Sequence[Cell]]:
    for figures in margins.grouped(period, by):
        yield *map(str, figures.names), *_cells(figures)


def _jobs(period: Period) -> Iterator[Sequence[Cell]]:
    for job in margins.each(period).iterator(chunk_size=1000):
        yield (
            job.public_id,
            job.finished_at,
            job.workspace.public_id,
            job.operation,
            job.model,
            job.account.slug,
            job.unit_type,
            _known(job.cost_of_unit),
            *_cells(margins.of_job(period, job)),
        )


def _cells(figures: Figures) -> Sequence[Cell]:
    return (
        figures.jobs,
        in_credits(figures.charged),
        _known(figures.quoted),
        _known(figures.deducted),
        _known(figures.variance),
        _known(figures.value),
        _known(figures.cost),
        _known(figures.margin),
        figures.unknown,
    )


def _known(number: Decimal | None) -> Cell:
    return NOT_KNOWN if number is None else round(number, 6)
