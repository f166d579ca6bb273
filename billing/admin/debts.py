"""Writing off what a workspace owes."""

from __future__ import annotations

from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from billing import credits
from billing.amounts import to_text
from billing.models import CreditAccount


class ForgiveForm(forms.Form):
    reason = forms.CharField(max_length=150, help_text="Shown to the workspace in its history.")
    # Sent twice, the form forgives once: not what has come to be owed in between.
    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)


def forgive(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    if not request.user.has_perm("billing.add_entry"):
        raise PermissionDenied
    account = get_object_or_404(CreditAccount.objects.select_related("workspace"), pk=pk)
    form = ForgiveForm(request.POST or None, initial={"key": uuid4().hex})
    if form.is_valid():
        _forgive(request, account, **form.cleaned_data)
        return redirect("admin:billing_creditaccount_change", account.pk)
    context = {
        **site.each_context(request),
        "title": f"Forgive {to_text(account.debt)} credits",
        "form": form,
    }
    return render(request, "billing/admin_forgive.html", context)


def _forgive(request: HttpRequest, account: CreditAccount, *, key: str, reason: str) -> None:
    assert request.user.pk is not None
    with transaction.atomic():
        entry = credits.forgive(workspace=account.workspace, key=f"admin:{key}", note=reason)
        if entry is None:
            messages.warning(request, "Nothing is owed any more.")
            return
        LogEntry.objects.log_actions(
            user_id=request.user.pk,
            queryset=[account],
            action_flag=CHANGE,
            change_message=f"Forgave {to_text(-entry.debt)} credits: {reason}",
            single_object=True,
        )
    messages.success(request, f"{to_text(-entry.debt)} credits were forgiven.")
