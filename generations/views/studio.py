"""The studio: choose an operation, see the price, press the button."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import NotPermitted
from accounts.decorators import ActorRequest, workspace_required
from accounts.quotas import QuotaExceeded
from billing.amounts import to_text
from billing.errors import AccountFrozen, InDebt, InsufficientCredits
from generations import actions, forms
from generations.actions import Order
from generations.errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    InvalidRequest,
    PriceRaised,
    ProviderUnavailable,
    StorageUnavailable,
)
from generations.views.faces import look_for, with_session, without_stale_faces
from generations.views.offers import Offer, offers
from generations.views.pricing import price_tag
from generations.views.receiving import receive
from generations.views.sheet import (
    Sheet,
    chosen,
    fresh_sheet,
    new_key,
    page_context,
    price_context,
)

KEY = re.compile(r"form-[0-9a-f]{32}")
STATUSES: dict[type[Exception], int] = {
    InsufficientCredits: 402,
    InDebt: 402,
    AccountFrozen: 403,
    NotPermitted: 403,
    IdempotencyMismatch: 409,
    IdempotencyInProgress: 409,
    PriceRaised: 409,
    QuotaExceeded: 429,
    ProviderUnavailable: 503,
    StorageUnavailable: 503,
}
VIEWER = "Your role here lets you look, but not create. An owner or admin can change that."
SENT_BEFORE = "You sent this form before, with other settings. Press the button to make this too."
STILL_RUNNING = "The same form is being sent right now. Look into the gallery in a moment."


@require_http_methods(["GET", "HEAD", "POST"])
@workspace_required
def studio(request: ActorRequest, operation: str = "") -> HttpResponse:
    available = offers()
    if not available:
        return render(request, "generations/closed.html", status=503)
    if request.method == "POST":
        return _answer(request, available, _sent(request, chosen(available, operation)))
    sheet = fresh_sheet(available, operation, request.GET, actor=request.actor)
    return _page(request, available, sheet)


@require_POST
@workspace_required
def price(request: ActorRequest, operation: str) -> HttpResponse:
    """The fragment with the price and the button, for the values of the form as it stands."""
    offer = chosen(offers(), operation)
    values = _values(request, offer, request.POST)
    tag = price_tag(
        offer.name,
        offer.wanted(values),
        schema=offer.schema,
        workspace=request.actor.workspace,
    )
    return render(
        request, "generations/_price.html", price_context(offer, tag, actor=request.actor)
    )


def _sent(request: ActorRequest, offer: Offer) -> Sheet:
    """The form as it was sent; its files are kept first, so that no error costs them."""
    received = receive(offer.schema, request.POST, request.FILES, by=request.actor)
    values = _values(request, offer, received.sent)
    return Sheet(offer, values, _key(request), errors=received.errors)


def _values(request: ActorRequest, offer: Offer, sent: Mapping[str, str]) -> dict[str, Any]:
    return without_stale_faces(forms.read(offer.schema, sent), request.actor.workspace)


def _answer(request: ActorRequest, available: list[Offer], sheet: Sheet) -> HttpResponse:
    if sheet.errors:
        return _page(request, available, sheet, status=422)
    if request.POST.get("do") == "faces":
        return _search(request, available, sheet)
    if request.POST.get("do") == "price":
        return _page(request, available, sheet)
    order = Order(
        sheet.offer.name,
        sheet.wanted,
        idempotency_key=sheet.key,
        max_credits=_shown_price(request),
    )
    try:
        created = actions.submit(order, by=request.actor)
    except InvalidRequest as exc:
        return _page(request, available, replace(sheet, errors=tuple(exc.errors)), status=422)
    except tuple(STATUSES) as exc:
        return _refusal(request, available, sheet, exc)
    if created.replayed:
        messages.info(request, "This form had been sent already. Here is what it made.")
    return redirect("generation", created.generation.public_id)


def _search(request: ActorRequest, available: list[Offer], sheet: Sheet) -> HttpResponse:
    found = look_for(sheet.values.get("video_url", ""), by=request.actor)
    sheet = replace(sheet, values=with_session(sheet.values, found), notice=found.problem)
    return _page(request, available, sheet, status=422 if found.problem else 200)


def _shown_price(request: ActorRequest) -> int | None:
    """What the button said; without JavaScript it may be the price of other settings.

    A button without a price promised none, so the first press only shows it.
    """
    shown = request.POST.get("price")
    if shown is None:
        return None
    return int(shown) if shown.isdecimal() and len(shown) < 20 else 0


def _refusal(
    request: ActorRequest, available: list[Offer], sheet: Sheet, exc: Exception
) -> HttpResponse:
    sheet = replace(sheet, notice=str(exc))
    if isinstance(exc, NotPermitted):
        sheet = replace(sheet, notice="")  # the page says it to every viewer
    elif isinstance(exc, PriceRaised):
        text = f"These settings cost {to_text(exc.credits)} credits. Press the button if you agree."
        sheet = replace(sheet, notice=text)
    elif isinstance(exc, InsufficientCredits):
        sheet = replace(sheet, needs_credits=True)
    elif isinstance(exc, IdempotencyMismatch):
        sheet = replace(sheet, notice=SENT_BEFORE, key=new_key())
    elif isinstance(exc, IdempotencyInProgress):
        sheet = replace(sheet, notice=STILL_RUNNING)
    return _page(request, available, sheet, status=STATUSES[type(exc)])


def _page(
    request: ActorRequest, available: list[Offer], sheet: Sheet, *, status: int = 200
) -> HttpResponse:
    context = page_context(sheet, available, actor=request.actor)
    return render(
        request, "generations/studio.html", {**context, "viewer_notice": VIEWER}, status=status
    )


def _key(request: ActorRequest) -> str:
    key = request.POST.get("key", "")
    return key if KEY.fullmatch(key) else new_key()
