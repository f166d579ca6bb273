"""Credits that the operator gives, takes back or forgives. A form that is sent twice acts once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.models import Workspace
from billing import credits
from billing.amounts import to_text
from billing.errors import InsufficientCredits, KeyReused
from billing.fields import CreditsFormField
from billing.models import CreditAccount, Entry

SENT_BEFORE = "This form was sent before. Open it anew to send another."


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=150, help_text="Shown to the workspace in its history.")
    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)


class AmountForm(ReasonForm):
    credits = CreditsFormField()
    field_order = ("workspace", "credits", "last_day", "reason", "key")

    def clean_credits(self) -> int:
        micro: int = self.cleaned_data["credits"]
        if micro <= 0:
            raise forms.ValidationError("More than nothing.")
        return micro


class GrantForm(AmountForm):
    workspace = forms.ModelChoiceField(queryset=Workspace.objects.order_by("name"))
    last_day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="On which they can be spent (UTC). Empty: they do not expire.",
    )

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and not datetime.now(UTC).date() <= day < date.max:
            raise forms.ValidationError("This day is over.")
        return day


def grant(site: AdminSite, request: HttpRequest) -> HttpResponse:
    _require_permission(request)
    form = GrantForm(request.POST or None, initial=_initial(request.GET.get("workspace")))
    if form.is_valid():
        wanted = form.cleaned_data
        try:
            with transaction.atomic():
                entry = credits.grant(
                    workspace=wanted["workspace"],
                    amount=wanted["credits"],
                    key=f"admin:{wanted['key']}",
                    kind=Entry.Kind.GRANT,
                    note=wanted["reason"],
                    expires_at=_end_of(wanted["last_day"]),
                )
                _log(request, entry.account, f"Granted {_of(entry)}: {wanted['reason']}")
        except KeyReused:
            form.add_error(None, SENT_BEFORE)
        else:
            messages.success(request, f"{_of(entry)} were granted.")
            return redirect("admin:billing_creditaccount_change", entry.account_id)
    return _page(site, request, form, title="Grant credits", button="Grant credits")


def take(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a slip: at most what is free, as an adjustment that the workspace can see."""
    _require_permission(request)
    account = _account(pk)
    form = AmountForm(request.POST or None, initial=_initial())
    if form.is_valid():
        wanted = form.cleaned_data
        try:
            with transaction.atomic():
                entry = credits.adjust(
                    workspace=account.workspace,
                    amount=-wanted["credits"],
                    key=f"admin:{wanted['key']}",
                    reason=wanted["reason"],
                )
                _log(request, account, f"Took {_of(entry)}: {wanted['reason']}")
        except InsufficientCredits as exc:
            form.add_error("credits", f"Only {to_text(exc.available)} are free.")
        except KeyReused:
            form.add_error(None, SENT_BEFORE)
        else:
            messages.success(request, f"{_of(entry)} were taken.")
            return redirect("admin:billing_creditaccount_change", account.pk)
    title = f"Take credits from {account}: {to_text(account.available)} are free"
    return _page(site, request, form, title=title, button="Take credits")


def forgive(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """Write off what a workspace owes, but not what comes to be owed after the form was shown."""
    _require_permission(request)
    account = _account(pk)
    if request.method == "GET" and not account.debt:
        messages.info(request, "Nothing is owed.")
        return redirect("admin:billing_creditaccount_change", account.pk)
    form = ReasonForm(request.POST or None, initial=_initial())
    if form.is_valid():
        key, reason = f"admin:{form.cleaned_data['key']}", form.cleaned_data["reason"]
        with transaction.atomic():
            entry = credits.forgive(workspace=account.workspace, key=key, note=reason)
            if entry is not None:
                _log(request, account, f"Forgave {to_text(-entry.debt)} credits: {reason}")
        if entry is None:
            messages.warning(request, "Nothing is owed any more.")
        else:
            messages.success(request, f"{to_text(-entry.debt)} credits were forgiven.")
        return redirect("admin:billing_creditaccount_change", account.pk)
    title = f"Forgive {to_text(account.debt)} credits"
    return _page(site, request, form, title=title, button="Forgive")


def _require_permission(request: HttpRequest) -> None:
    if not request.user.has_perm("billing.add_entry"):
        raise PermissionDenied


def _account(pk: int) -> CreditAccount:
    return get_object_or_404(CreditAccount.objects.select_related("workspace"), pk=pk)


def _initial(workspace: str | None = None) -> dict[str, str | None]:
    return {"key": uuid4().hex, "workspace": workspace}


def _end_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=1), time.min, UTC)


def _of(entry: Entry) -> str:
    return f"{to_text(abs(entry.amount))} credits"


def _log(request: HttpRequest, account: CreditAccount, text: str) -> None:
    assert request.user.pk is not None
    LogEntry.objects.log_actions(
        user_id=request.user.pk,
        queryset=[account],
        action_flag=CHANGE,
        change_message=text,
        single_object=True,
    )


def _page(
    site: AdminSite, request: HttpRequest, form: forms.Form, *, title: str, button: str
) -> HttpResponse:
    context = {**site.each_context(request), "form": form, "title": title, "button": button}
    return render(request, "billing/admin_by_hand.html", context)
