from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse

from accounts import client_address, plans, workspaces
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """What happens around allauth's pages."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is not right.",
        "email_taken": "There is an account with this address already. Sign in instead.",
        "enter_current_password": "Type the password that you have now.",
        "incorrect_password": "This password is not right.",
        "too_many_login_attempts": "Too many attempts. Wait five minutes and try again.",
    }

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Signing up makes the person and their workspace together, or neither."""
        user.name = form.cleaned_data.get("name", "")
        user.time_zone = form.cleaned_data.get("time_zone") or "UTC"
        with transaction.atomic():
            saved: User = super().save_user(request, user, form, commit=commit)
            if commit:
                name = workspaces.name_for(saved)
                workspaces.create_workspace(name=name, owner=saved, plan=plans.find_plan(None))
        return saved

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom the limits on signing in, signing up and resetting passwords count."""
        return client_address.of(request)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return reverse("welcome")
