"""Django admin of people and workspaces. Changes that others must see later go to the audit log."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit, caps, keys, plans, workspaces
from accounts.access import operator
from accounts.models import (
    ApiKey,
    AuditEvent,
    Invitation,
    Membership,
    Plan,
    User,
    Workspace,
)
from accounts.read_only import ReadOnlyAdmin

admin.site.site_header = "Kling Studio administration"
admin.site.site_title = "Kling Studio"
admin.site.index_title = "Everything in one place"
# Signing in goes through the same page as everywhere, and so through its throttle.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


class UserCreationForm(AdminUserCreationForm[User]):
    class Meta:
        model = User
        fields = ["email"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("There is somebody with this address already.")
        return email


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    add_form = UserCreationForm
    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_staff", "date_joined", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    readonly_fields = ["date_joined", "last_login"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "time_zone"]}),
        (
            "Permissions",
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        ("Dates", {"fields": ["date_joined", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]


class MembershipInline(admin.TabularInline[Membership, Workspace]):
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]
    readonly_fields = ["daily_cap", "monthly_cap"]


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin[Workspace]):
    list_display = ["name", "public_id", "plan", "created_at"]
    list_filter = ["plan"]
    list_select_related = ["plan"]
    search_fields = ["name", "public_id", "memberships__user__email"]
    readonly_fields = ["public_id", "created_at"]
    inlines = [MembershipInline]

    def save_model(
        self, request: HttpRequest, obj: Workspace, form: forms.ModelForm[Workspace], change: bool
    ) -> None:
        """A new plan or cap goes through its action, which writes the audit log."""
        if change:
            before = Workspace.objects.get(pk=obj.pk)
            by = operator(_person(request), before)
            if "plan" in form.changed_data:
                obj.plan_changed_at = plans.change_plan(by=by, plan=obj.plan).plan_changed_at
            if {"daily_cap", "monthly_cap"} & set(form.changed_data):
                caps.cap_workspace(by=by, daily=obj.daily_cap, monthly=obj.monthly_cap)
            if "approval_above" in form.changed_data:
                workspaces.set_approval_above(by=by, credits=obj.approval_above)
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        by = operator(_person(request), form.instance)
        for member in formset.new_objects:
            audit.record(by=by, action="member.added", member=member.user.email, role=member.role)
        for member, _fields in formset.changed_objects:
            audit.record(
                by=by, action="member.changed", member=member.user.email, after=member.role
            )
        for member in formset.deleted_objects:
            audit.record(by=by, action="member.removed", member=member.user.email)

    def has_delete_permission(self, request: HttpRequest, obj: Workspace | None = None) -> bool:
        """Never: its credits, charges and history belong to the books."""
        return False


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    list_display = [
        "name",
        "slug",
        "running_jobs",
        "share",
        "parallel_tasks",
        "parallel_tasks_together",
        "daily_credits",
        "storage_bytes",
        "retention_days",
        "requests_per_minute",
        "is_default",
    ]
    # One always is: without, nobody could sign up.
    readonly_fields = ["is_default"]
    actions = ["make_default"]

    @admin.action(description="Give it to people who sign up", permissions=["change"])
    def make_default(self, request: HttpRequest, queryset: QuerySet[Plan]) -> None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, "Choose one plan.", messages.ERROR)
            return
        plans.make_default(chosen[0])
        self.message_user(request, f"People who sign up get {chosen[0]} from now on.")

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        is_default = obj is not None and obj.is_default
        return not is_default and super().has_delete_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Plan, form: forms.ModelForm[Plan], change: bool
    ) -> None:
        """Those whose files go sooner from now on are to see it before they go."""
        if "retention_days" in form.changed_data:
            obj.retention_changed_at = timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin[ApiKey]):
    """Keys are made where their secret is shown, and revoked where it is written down."""

    list_display = ["label", "prefix", "workspace", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["workspace"]
    list_filter = ["revoked_at"]
    search_fields = ["label", "prefix", "workspace__name", "workspace__public_id"]
    exclude = ["digest", "sealed_secret"]
    actions = ["revoke"]

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset.select_related("workspace"):
            by = operator(_person(request), key.workspace)
            keys.revoke_key(by=by, prefix=key.prefix)
        self.message_user(request, "The keys are refused from now on.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return _person(request).has_perm("accounts.change_apikey")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin[AuditEvent]):
    list_display = ["created_at", "action", "workspace", "user", "api_key", "detail"]
    list_select_related = ["workspace", "user", "api_key"]
    list_filter = ["action"]
    search_fields = ["workspace__name", "workspace__public_id", "user__email"]
    date_hierarchy = "created_at"


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin[Invitation]):
    list_display = ["email", "workspace", "role", "invited_by", "created_at", "accepted_at"]
    list_select_related = ["workspace", "invited_by"]
    search_fields = ["email", "workspace__name"]


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
