"""The credits page: what is there, what can be bought, what happened."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from accounts.decorators import ActorRequest, workspace_required
from accounts.models import Scope
from billing import checkout, credits, portal, queries
from billing.errors import PaymentUnavailable, UnknownCurrency, UnknownPack
from billing.subscriptions import plans, starting
from billing.top_ups import rules
from billing.views.leading_out import render_leading_out

ENTRIES_SHOWN = 8
ORDERS_SHOWN = 10
EXPIRIES_SHOWN = 3


@require_GET
@workspace_required
def overview(request: ActorRequest) -> HttpResponse:
    workspace = request.actor.workspace
    context = {
        "balance": credits.balance(workspace),
        "expiring": queries.expiring(workspace)[:EXPIRIES_SHOWN],
        "packs": queries.packs_on_sale(),
        "may_buy": request.actor.may(Scope.BILLING),
        "entries": queries.entries_of(workspace).order_by("-seq")[:ENTRIES_SHOWN],
        "orders": queries.listed_orders_of(workspace)[:ORDERS_SHOWN],
        "rule": rules.rule_of(workspace),
        "card": queries.card_of(workspace),
        "is_top_up_offered": rules.is_offered(),
        "subscription": starting.current(workspace),
        "has_plans": plans.on_sale().exists(),
        "has_portal": portal.customer_of(workspace) is not None,
    }
    return render_leading_out(request, "billing/credits.html", context)


@require_POST
@workspace_required
def buy(request: ActorRequest, slug: str) -> HttpResponse:
    try:
        order = checkout.start_checkout(
            by=request.actor,
            pack_slug=slug,
            currency=request.POST.get("currency", ""),
            address=get_adapter().get_client_ip(request),
        )
    except (UnknownPack, UnknownCurrency, PaymentUnavailable) as exc:
        messages.error(request, str(exc))
        return redirect("credits")
    return redirect(order.checkout_url)
