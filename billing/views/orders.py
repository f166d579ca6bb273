"""Where a buyer comes back to. Both pages ask Stripe, and say what is true."""

from __future__ import annotations

import logging

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.decorators import ActorRequest, workspace_required
from billing import credits, orders, queries
from billing.errors import PaymentUnavailable
from billing.models import Order, OrderState

logger = logging.getLogger(__name__)


@require_GET
@workspace_required
def order(request: ActorRequest, public_id: str) -> HttpResponse:
    return _show(request, _current(request, public_id), canceled=False)


@require_GET
@workspace_required
def canceled(request: ActorRequest, public_id: str) -> HttpResponse:
    return _show(request, _current(request, public_id), canceled=True)


def _current(request: ActorRequest, public_id: str) -> Order:
    found = queries.orders_of(request.actor.workspace).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    if found.state == OrderState.PAID:
        return found
    try:
        return orders.sync_order(found)
    except PaymentUnavailable as exc:
        # The page then shows what is known; the sweep asks again.
        logger.warning("order %s is shown unsynced: %s", found.public_id, exc)
        return found


def _show(request: ActorRequest, order: Order, *, canceled: bool) -> HttpResponse:
    context = {
        "order": order,
        "canceled": canceled and order.state == OrderState.OPEN,
        "balance": credits.balance(request.actor.workspace),
    }
    return render(request, "billing/order.html", context)
