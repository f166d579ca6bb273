from __future__ import annotations

from typing import Any

from allauth.account.views import EmailView as AllauthEmailView
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts import people


class EmailView(AllauthEmailView):  # type: ignore[misc]  # allauth is untyped
    """allauth's page, made safe for what it does not expect."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            people.note_main_address(request.user)
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def _action_primary(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """While addresses need not be confirmed, one may have become another person's."""
        try:
            with transaction.atomic():
                response: HttpResponse | None = super()._action_primary(request, *args, **kwargs)
        except IntegrityError:
            messages.error(request, "This address belongs to another account.")
            return None
        return response
