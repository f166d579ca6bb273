"""The operator's view: jobs with their history, hold and ledger entries; accounts to switch."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.access import operator
from accounts.models import User
from accounts.read_only import ReadOnlyAdmin, ReadOnlyInline
from billing.amounts import to_text
from generations import approvals, decisions, offering, providers
from generations.errors import AlreadyDecided
from generations.models import (
    ApprovalRequest,
    Asset,
    CallbackHealth,
    Generation,
    IdempotencyKey,
    Notice,
    ProviderAccount,
    Quote,
    SlotPool,
    Transition,
    Upload,
    UsualDuration,
)
from generations.views import margins
from kling.errors import AuthenticationFailed
from webhooks.secrets import seal

CALLBACK_SECRET = re.compile(
    r"whsec_(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
)


class TransitionInline(ReadOnlyInline[Transition]):
    model = Transition
    fields = ["at", "was", "now", "reason"]


class AssetInline(ReadOnlyInline[Asset]):
    model = Asset
    fields = ["public_id", "kind", "media_type", "bytes", "sha256", "width", "height", "duration"]
    show_change_link = True


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin[Generation]):
    list_display = [
        "public_id",
        "workspace",
        "operation",
        "model",
        "state",
        "simulated",
        "quoted_credits",
        "charged_credits",
        "attention",
        "created_at",
    ]
    list_filter = [
        "state",
        "approval",
        "operation",
        "model",
        "account",
        ("attention", admin.EmptyFieldListFilter),
    ]
    search_fields = ["public_id", "task_id", "external_task_id", "workspace__name"]
    list_select_related = ["workspace", "account"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    inlines = [TransitionInline, AssetInline]
    readonly_fields = ["simulated", "quoted_credits", "charged_credits", "hold_link", "ledger"]
    actions = ["look_now", "approve", "fail_and_release"]

    @admin.display(boolean=True)
    def simulated(self, obj: Generation) -> bool:
        return obj.account.simulated

    @admin.display(description="quoted (credits)", ordering="quoted")
    def quoted_credits(self, obj: Generation) -> str:
        return to_text(obj.quoted)

    @admin.display(description="charged (credits)", ordering="charged")
    def charged_credits(self, obj: Generation) -> str:
        return to_text(obj.charged)

    @admin.display(description="hold")
    def hold_link(self, obj: Generation) -> SafeString:
        url = reverse("admin:billing_hold_change", args=[obj.hold_id])
        return format_html('<a href="{}">{}</a>', url, obj.hold)

    @admin.display(description="ledger entries")
    def ledger(self, obj: Generation) -> SafeString | str:
        rows = [
            (entry.seq, entry.kind, to_text(entry.amount), to_text(entry.balance_after), entry.note)
            for entry in obj.hold.entries.order_by("seq")
        ]
        if not rows:
            return "None yet"
        line = "<li>#{} {}: {} credits, balance {} {}</li>"
        return format_html("<ul>{}</ul>", format_html_join("", line, rows))

    def get_urls(self) -> list[URLPattern]:
        return [*margins.urls(self.admin_site), *super().get_urls()]

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Nobody edits a job; but who may not change one may not give its credits back either."""
        return request.user.has_perm("generations.change_generation")

    @admin.action(description="Ask the provider now", permissions=["view"])
    def look_now(self, request: HttpRequest, queryset: QuerySet[Generation]) -> None:
        count = sum(decisions.look_now(generation) for generation in queryset)
        messages.info(request, f"{count} will be asked about now.")

    @admin.action(description="Approve what waits for it", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Generation]) -> None:
        assert isinstance(request.user, User)
        count = 0
        for generation in queryset.select_related("workspace"):
            with suppress(AlreadyDecided):
                approvals.approve(generation, by=operator(request.user, generation.workspace))
                count += 1
        messages.info(request, f"{count} approved.")

    @admin.action(
        description="Fail and release the credits (only when surely not running)",
        permissions=["decide"],
    )
    def fail_and_release(self, request: HttpRequest, queryset: QuerySet[Generation]) -> None:
        by = str(request.user)
        count = sum(decisions.fail_and_release(generation, by=by) for generation in queryset)
        messages.info(request, f"{count} failed; their credits were released.")


class ProviderAccountForm(forms.ModelForm):  # type: ignore[type-arg]
    new_key = forms.CharField(
        required=False, widget=forms.PasswordInput, help_text="Stored encrypted, never shown again."
    )
    new_access_key = forms.CharField(required=False, widget=forms.PasswordInput)
    new_secret_key = forms.CharField(required=False, widget=forms.PasswordInput)
    new_callback_secret = forms.CharField(
        required=False,
        widget=forms.PasswordInput,
        help_text="“whsec_…”, if the provider signs its callbacks; unsigned ones are refused then.",
    )

    class Meta:
        model = ProviderAccount
        fields = [
            "slug",
            "dialect",
            "base_url",
            "endpoint_path",
            "model_names",
            "priority",
            "unit_cost",
            "image_unit_cost",
            "try_on_unit_cost",
            "parallel_tasks",
            "disabled_models",
            "enabled",
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        secret = {name: data.get(f"new_{name}", "") for name in ("key", "access_key", "secret_key")}
        if any(secret.values()):
            providers.set_secret(self.instance, **secret)
        elif not self.instance.secret:
            raise forms.ValidationError("Give a key, or an access key and its secret key.")
        if callback_secret := data.get("new_callback_secret"):
            self.instance.callback_secret = seal(callback_secret)
        if not self.errors:
            self._check_that_it_can_work(data)
        return data

    def _check_that_it_can_work(self, data: dict[str, Any]) -> None:
        names = ("dialect", "base_url", "endpoint_path", "model_names")
        trial = ProviderAccount(secret=self.instance.secret, **{name: data[name] for name in names})
        try:
            providers.client_for(trial)
        except AuthenticationFailed as exc:
            raise forms.ValidationError(exc.message) from None

    def clean_new_callback_secret(self) -> str:
        text: str = self.cleaned_data["new_callback_secret"]
        if text and not CALLBACK_SECRET.fullmatch(text):
            raise forms.ValidationError("Such a secret is whsec_ and Base64.")
        return text

    def clean_model_names(self) -> dict[str, str]:
        names = self.cleaned_data["model_names"] or {}
        if not isinstance(names, dict) or not all(isinstance(v, str) for v in names.values()):
            raise forms.ValidationError('Write it as {"kling-v3": "its name there"}.')
        return names

    def clean_disabled_models(self) -> list[str]:
        names = self.cleaned_data["disabled_models"] or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise forms.ValidationError('Write it as ["kling-v1-6", "image-to-video/kling-v3"].')
        if unknown := sorted(set(names) - offering.names_to_disable()):
            raise forms.ValidationError(f"There is no {', '.join(unknown)} in the catalogue.")
        return names


@admin.register(ProviderAccount)
class ProviderAccountAdmin(admin.ModelAdmin[ProviderAccount]):
    form = ProviderAccountForm
    list_display = [
        "slug",
        "dialect",
        "base_url",
        "priority",
        "unit_cost",
        "parallel_tasks",
        "enabled",
        "simulated",
        "paused_reason",
        "failures",
        "asking_failures",
    ]
    readonly_fields = [
        "simulated",
        "from_environment",
        "paused_at",
        "paused_reason",
        "trouble_since",
        "try_at",
        "failures",
        "failed_at",
        "asking_failures",
        "ask_after",
    ]
    actions = ["resume"]

    def save_model(
        self, request: HttpRequest, obj: ProviderAccount, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if "enabled" in form.changed_data:
            providers.wake_queue(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # its jobs need it; switch it off instead

    @admin.action(description="Resume paused accounts", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[ProviderAccount]) -> None:
        for account in queryset:
            providers.resume(account)


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin[Asset]):
    list_display = ["public_id", "workspace", "kind", "media_type", "bytes", "created_at"]
    search_fields = ["public_id", "sha256", "generation__public_id"]
    show_full_result_count = False


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin[Upload]):
    list_display = ["public_id", "workspace", "kind", "media_type", "bytes", "origin", "created_at"]
    search_fields = ["public_id", "sha256"]
    show_full_result_count = False


@admin.register(Quote, IdempotencyKey, Transition, ApprovalRequest)
class HistoryAdmin(ReadOnlyAdmin[Any]):
    show_full_result_count = False


@admin.register(Notice, CallbackHealth, SlotPool, UsualDuration)
class LearntAdmin(ReadOnlyAdmin[Any]):
    """What the product has told the operator, and what it has learnt of providers."""
