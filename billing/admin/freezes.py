from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.read_only import ReadOnlyAdmin
from billing import freezes
from billing.models import Freeze


class LiftForm(forms.Form):
    because = forms.CharField(
        max_length=200, label="Why it is lifted", help_text="Kept here; no customer sees it."
    )


@admin.register(Freeze)
class FreezeAdmin(ReadOnlyAdmin[Freeze]):
    """Added by hand, or by a dispute; lifted, never changed or deleted."""

    list_display = ["workspace", "reason", "cause", "order", "created_at", "lifted_at"]
    list_filter = [("lifted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["workspace", "order"]
    search_fields = ["workspace__name", "workspace__public_id", "cause"]
    autocomplete_fields = ["workspace"]
    actions = ["lift"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.add_freeze")

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_freeze")

    def get_fields(self, request: HttpRequest, obj: Freeze | None = None) -> Any:
        return ["workspace", "reason"] if obj is None else super().get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Freeze, form: Any, change: bool) -> None:
        assert request.user.is_authenticated
        made = freezes.freeze(
            workspace=obj.workspace,
            cause=f"operator:{uuid4().hex}",
            reason=obj.reason,
            by=request.user,
        )
        assert made is not None
        obj.pk, obj.cause = made.pk, made.cause

    @admin.action(description="Lift: let the workspace start jobs again", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Freeze]) -> HttpResponse | None:
        assert request.user.is_authenticated
        rows = queryset.filter(lifted_at=None)
        form = LiftForm(request.POST if "because" in request.POST else None)
        if rows and not form.is_valid():
            context = {**self.admin_site.each_context(request), "form": form, "rows": rows}
            return render(request, "billing/admin_lift.html", context | {"title": "Lift"})
        for row in rows:
            because = form.cleaned_data["because"]
            with transaction.atomic():
                freezes.lift(cause=row.cause, because=because, by=request.user)
            self.log_change(request, row, f"Lifted: {because}")
            messages.success(request, f"{row.workspace}: lifted.")
        return None
