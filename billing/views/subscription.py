"""The subscription page: what there is to have, what one has, and what is true of it."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Scope
from billing import portal
from billing.errors import AlreadySubscribed, PaymentUnavailable, UnknownPlan
from billing.models import Subscription
from billing.subscriptions import invoices, plans, starting, syncing
from billing.views.leading_out import render_leading_out

logger = logging.getLogger(__name__)


@require_GET
@workspace_required
def overview(request: ActorRequest) -> HttpResponse:
    workspace = request.actor.workspace
    subscription = _current(request)
    context = {
        "subscription": subscription,
        # One whose page was never gone through is no subscription yet.
        "is_running": subscription is not None and not subscription.is_starting,
        "plans": plans.on_sale(),
        "may_buy": request.actor.may(Scope.BILLING),
        "has_portal": portal.customer_of(workspace) is not None,
    }
    return render_leading_out(request, "billing/subscription.html", context)


@require_POST
@workspace_required
def start(request: ActorRequest, slug: str) -> HttpResponse:
    try:
        subscription = starting.start(by=request.actor, slug=slug)
    except (UnknownPlan, AlreadySubscribed, PaymentUnavailable) as exc:
        messages.error(request, str(exc))
        return redirect("subscription")
    return redirect(subscription.checkout_url)


@require_GET
@workspace_required
def pay(request: ActorRequest) -> HttpResponse:
    """Stripe's page of the invoice that is not paid. Its address expires, so it is asked for."""
    request.actor.require(Scope.BILLING)
    subscription = starting.current(request.actor.workspace)
    try:
        page = invoices.page_of_unpaid(subscription) if subscription else ""
    except PaymentUnavailable as exc:
        messages.error(request, str(exc))
        return redirect("subscription")
    if not page:
        messages.info(request, "Nothing is left to pay.")
    return redirect(page or "subscription")


def _current(request: ActorRequest) -> Subscription | None:
    """As Stripe has it now: the buyer may come from its page, sooner than its event."""
    found = starting.current(request.actor.workspace)
    if found is None:
        return None
    try:
        synced = syncing.sync(found)
    except PaymentUnavailable as exc:
        logger.warning("subscription %s is shown unsynced: %s", found.public_id, exc)
        return found
    return synced if synced.is_living else None
