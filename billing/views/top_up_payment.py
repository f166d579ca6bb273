"""One automatic purchase: what became of it, and the bank's question where there is one."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Scope
from billing import queries
from billing.errors import PaymentUnavailable
from billing.models import OPEN_TOP_UPS, TopUp
from billing.top_ups import charging

logger = logging.getLogger(__name__)


@require_GET
@workspace_required
def show(request: ActorRequest, public_id: str) -> HttpResponse:
    """The bank leads back to here: so it is asked what has become of the payment."""
    top_up = _found(request, public_id)
    bank_page = ""
    if top_up.state in OPEN_TOP_UPS:
        try:
            top_up = charging.proceed(top_up)
            bank_page = charging.bank_page(top_up)
        except PaymentUnavailable as exc:
            logger.warning("top-up %s is shown unsynced: %s", public_id, exc)
    context = {
        "top_up": top_up,
        "order": top_up.order,
        "bank_page": bank_page,
        "is_open": top_up.state in OPEN_TOP_UPS,
        "may_buy": request.actor.may(Scope.BILLING),
    }
    return render(request, "billing/top_up_payment.html", context)


@require_POST
@workspace_required
def confirm(request: ActorRequest, public_id: str) -> HttpResponse:
    try:
        charging.confirm(_found(request, public_id), by=request.actor)
    except PaymentUnavailable as exc:
        messages.error(request, str(exc))
    return redirect("top_up_payment", public_id)


@require_POST
@workspace_required
def cancel(request: ActorRequest, public_id: str) -> HttpResponse:
    try:
        charging.cancel(_found(request, public_id), by=request.actor)
    except PaymentUnavailable as exc:
        messages.error(request, str(exc))
    return redirect("top_up_payment", public_id)


def _found(request: ActorRequest, public_id: str) -> TopUp:
    found = queries.top_ups_of(request.actor.workspace).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
