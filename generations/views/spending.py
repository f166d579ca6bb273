"""Settings, Spending: what was spent against which cap, and the forms that set caps."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import caps, workspaces
from accounts.access import Actor
from accounts.decorators import ActorRequest, role_required, workspace_required
from accounts.models import ApiKey, Membership, Role
from accounts.models.caps import Capped
from billing import low_balance
from billing.fields import CreditsFormField
from generations import spending
from generations.spending import Spent

METHODS = ["GET", "HEAD", "POST"]


class CapForm(forms.Form):
    daily = CreditsFormField(
        label="Credits a day", required=False, help_text="A day ends at midnight UTC."
    )
    monthly = CreditsFormField(label="Credits a month", required=False)


class ApprovalForm(forms.Form):
    above = CreditsFormField(
        label="Jobs above this many credits need approval",
        required=False,
        help_text="Empty: none does.",
    )


class LowBalanceForm(forms.Form):
    below = CreditsFormField(label="Warn below this many credits", required=False)


@dataclass(frozen=True)
class Row:
    """One who spends: its name, what stands below it, and where its cap is set ("": nowhere)."""

    name: str
    note: str
    holder: Capped
    spent: Spent
    url: str = ""


@require_safe
@workspace_required
def overview(request: ActorRequest) -> HttpResponse:
    return _overview(request)


@require_POST
@role_required(Role.ADMIN)
def approval(request: ActorRequest) -> HttpResponse:
    form = ApprovalForm(request.POST)
    if not form.is_valid():
        return _overview(request, approval_form=form)
    workspaces.set_approval_above(by=request.actor, credits=form.cleaned_data["above"])
    messages.success(request, "Saved.")
    return redirect("settings_spending")


@require_http_methods(METHODS)
@role_required(Role.ADMIN)
def cap_workspace(request: ActorRequest) -> HttpResponse:
    form = _form(request, request.actor.workspace)
    if form.is_valid():
        caps.cap_workspace(by=request.actor, **form.cleaned_data)
        return _saved(request)
    return _ask(request, form, _row_of_workspace(request.actor))


@require_http_methods(METHODS)
@role_required(Role.ADMIN)
def cap_member(request: ActorRequest, member: int) -> HttpResponse:
    members = request.actor.workspace.memberships.select_related("user")
    found = get_object_or_404(members, pk=member)
    form = _form(request, found)
    if form.is_valid():
        caps.cap_member(by=request.actor, member=member, **form.cleaned_data)
        return _saved(request)
    spent = spending.spent_by(found, request.actor.workspace)
    return _ask(request, form, _row_of_member(request.actor, found, spent))


@require_http_methods(METHODS)
@role_required(Role.ADMIN)
def cap_key(request: ActorRequest, prefix: str) -> HttpResponse:
    keys = request.actor.workspace.api_keys
    found = get_object_or_404(keys, prefix=prefix, revoked_at=None)
    form = _form(request, found)
    if form.is_valid():
        caps.cap_key(by=request.actor, prefix=prefix, **form.cleaned_data)
        return _saved(request)
    spent = spending.spent_by(found, request.actor.workspace)
    return _ask(request, form, _row_of_key(found, spent))


@require_POST
@role_required(Role.ADMIN)
def warn_below(request: ActorRequest) -> HttpResponse:
    form = LowBalanceForm(request.POST)
    if not form.is_valid():
        return _overview(request, low_balance_form=form)
    low_balance.set_threshold(by=request.actor, threshold=form.cleaned_data["below"])
    messages.success(request, "Saved.")
    return redirect("settings_spending")


def _overview(
    request: ActorRequest,
    *,
    approval_form: ApprovalForm | None = None,
    low_balance_form: LowBalanceForm | None = None,
) -> HttpResponse:
    """The page, also with a form that was refused (then 422)."""
    actor = request.actor
    above, below = actor.workspace.approval_above, low_balance.threshold_of(actor)
    context = {
        "rows": _rows(actor),
        "approval_form": approval_form or ApprovalForm(initial={"above": above}),
        "low_balance_form": low_balance_form or LowBalanceForm(initial={"below": below}),
        "usual_threshold": settings.LOW_BALANCE,
    }
    status = 422 if approval_form or low_balance_form else 200
    return render(request, "generations/spending.html", context, status=status)


def _form(request: ActorRequest, holder: Capped) -> CapForm:
    initial = {"daily": holder.daily_cap, "monthly": holder.monthly_cap}
    return CapForm(request.POST if request.method == "POST" else None, initial=initial)


def _saved(request: ActorRequest) -> HttpResponse:
    messages.success(request, "The spending cap is saved.")
    return redirect("settings_spending")


def _ask(request: ActorRequest, form: CapForm, row: Row) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "generations/cap.html", {"form": form, "row": row}, status=status)


def _rows(actor: Actor) -> list[Row]:
    """Everybody for those who may manage; for others the workspace and themselves."""
    members = actor.workspace.memberships.select_related("user").order_by("created_at", "pk")
    if not actor.may_manage:
        members = members.filter(user=actor.user)
    by_member = spending.spent_by_member(actor.workspace)
    rows = [_row_of_workspace(actor)]
    rows += [_row_of_member(actor, member, by_member[member.user_id]) for member in members]
    if actor.may_manage:
        by_key = spending.spent_by_key(actor.workspace)
        usable = [key for key in actor.workspace.api_keys.all() if key.is_usable]
        rows += [_row_of_key(key, by_key[key.pk]) for key in usable]
    return rows


def _row_of_workspace(actor: Actor) -> Row:
    workspace = actor.workspace
    spent = spending.spent_by(workspace, workspace)
    url = reverse("cap_workspace") if actor.may_manage else ""
    return Row(workspace.name, "The whole workspace", workspace, spent, url)


def _row_of_member(actor: Actor, member: Membership, spent: Spent) -> Row:
    may = actor.is_at_least(Role.OWNER if member.role == Role.OWNER else Role.ADMIN)
    url = reverse("cap_member", args=[member.pk]) if may else ""
    return Row(member.user.get_short_name(), member.user.email, member, spent, url)


def _row_of_key(key: ApiKey, spent: Spent) -> Row:
    return Row(key.label, "API key", key, spent, reverse("cap_key", args=[key.prefix]))
