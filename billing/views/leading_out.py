"""Pages with a form that ends at Stripe."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.decorators import ActorRequest
from billing import stripe_client


def render_leading_out(
    request: ActorRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    response = render(request, template, context, status=status)
    # A browser checks where a form's answer redirects to, too: a page of Stripe's.
    response._csp_update = {"form-action": stripe_client.page_origins()}  # type: ignore[attr-defined]
    return response
