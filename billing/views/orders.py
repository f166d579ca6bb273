"""Where a buyer comes back to. The pages ask Stripe, and say what is true."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import keyset
from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Scope
from billing import checkout, crediting, credits, documents, money_back, orders, queries
from billing.errors import PaymentUnavailable
from billing.models import Order, OrderState
from billing.views.leading_out import render_leading_out

logger = logging.getLogger(__name__)

# A page that looks again by itself, in several windows, must not ask Stripe as often.
FRESH_FOR = timedelta(seconds=2)
SESSION = "cs_"
ORDERS_A_PAGE = 50


@require_GET
@workspace_required
def listed(request: ActorRequest) -> HttpResponse:
    cursor = request.GET.get("cursor")
    try:
        page = keyset.newest_first(
            queries.listed_orders_of(request.actor.workspace), limit=ORDERS_A_PAGE, cursor=cursor
        )
    except keyset.InvalidCursor:
        return redirect("orders")
    context = {
        "orders": page.rows,
        "newer_url": request.path if cursor else "",
        "older_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
    }
    return render(request, "billing/orders.html", context)


@require_GET
@workspace_required
def order(request: ActorRequest, public_id: str) -> HttpResponse:
    found = _current(request, public_id, session_id=request.GET.get("session_id", ""))
    return _show(request, found, canceled=False)


@require_GET
@workspace_required
def canceled(request: ActorRequest, public_id: str) -> HttpResponse:
    return _show(request, _current(request, public_id), canceled=True)


@require_GET
@workspace_required
def state(request: ActorRequest, public_id: str) -> HttpResponse:
    """The part of the page that changes by itself."""
    found = _found(request, public_id)
    just_now = timezone.now() - FRESH_FOR * settings.TIMER_SCALE
    if not found.synced_at or found.synced_at < just_now:
        found = _current(request, public_id)
    return _show(request, found, canceled=False, whole=False)


@require_POST
@workspace_required
def cancel(request: ActorRequest, public_id: str) -> HttpResponse:
    request.actor.require(Scope.BILLING)
    try:
        checkout.cancel(_found(request, public_id))
    except PaymentUnavailable as exc:
        messages.error(request, str(exc))
    return redirect("order", public_id)


@require_GET
@workspace_required
def invoice(request: ActorRequest, public_id: str) -> HttpResponse:
    return _document(request, _found(request, public_id), kind=documents.INVOICE)


@require_GET
@workspace_required
def receipt(request: ActorRequest, public_id: str) -> HttpResponse:
    return _document(request, _found(request, public_id), kind=documents.RECEIPT)


def _document(request: ActorRequest, order: Order, *, kind: str) -> HttpResponse:
    """Stripe's addresses of documents expire, so each click asks for a new one."""
    request.actor.require(Scope.BILLING)
    try:
        address = documents.address_of(order, kind=kind)
    except PaymentUnavailable as exc:
        messages.error(request, str(exc))
        return redirect("order", order.public_id)
    if not address:
        messages.info(request, f"There is no {kind} for this order.")
        return redirect("order", order.public_id)
    return redirect(address)


def _found(request: ActorRequest, public_id: str) -> Order:
    found = queries.orders_of(request.actor.workspace).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _current(request: ActorRequest, public_id: str, *, session_id: str = "") -> Order:
    found = _found(request, public_id)
    if found.state == OrderState.PAID:
        return found
    try:
        known = session_id if session_id.startswith(SESSION) else ""
        return orders.sync_order(found, session_id=known)
    except PaymentUnavailable as exc:
        # The page then shows what is known; the sweep asks again.
        logger.warning("order %s is shown unsynced: %s", found.public_id, exc)
        return found


def _show(
    request: ActorRequest, order: Order, *, canceled: bool, whole: bool = True
) -> HttpResponse:
    prefetch_related_objects([order], "refunds", "disputes")
    may_buy = request.actor.may(Scope.BILLING)
    context = {
        "order": order,
        "canceled": canceled and order.state == OrderState.OPEN,
        "waits": order.state in orders.UNFINISHED,
        "age": int((timezone.now() - order.created_at).total_seconds()),
        "back": money_back.of(order),
        "repaid": crediting.repaid(order),
        "balance": credits.balance(request.actor.workspace),
        "may_buy": may_buy,
        "may_cancel": may_buy and checkout.is_cancellable(order),
    }
    template = "billing/order.html" if whole else "billing/_order.html"
    # The page, too, whose part turns into one with a form that ends at Stripe.
    return render_leading_out(request, template, context)
