"""The doors to a workspace's money: what belongs to another is not there."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.models import Workspace
from billing import stripe_client
from billing.models import Customer, Entry, Lot, Order, Pack, SavedCard, TopUp

EXPIRIES_SHOWN = 100


def entries_of(workspace: Workspace) -> QuerySet[Entry]:
    return Entry.objects.filter(account__workspace=workspace).select_related("hold", "reverses")


def expiring(workspace: Workspace) -> list[dict[str, Any]]:
    """What is left of the credits that will expire, by the time: `expires_at` and `credits`."""
    lots = Lot.objects.filter(
        account__workspace=workspace, remaining__gt=0, expires_at__gt=timezone.now()
    )
    by_time = lots.order_by("expires_at").values("expires_at")
    return [dict(row) for row in by_time.annotate(credits=Sum("remaining"))[:EXPIRIES_SHOWN]]


def orders_of(workspace: Workspace) -> QuerySet[Order]:
    return Order.objects.filter(workspace=workspace)


def listed_orders_of(workspace: Workspace) -> QuerySet[Order]:
    """With what their state in a list is told from."""
    return orders_of(workspace).prefetch_related("refunds", "disputes")


def packs_on_sale() -> QuerySet[Pack]:
    return Pack.objects.filter(is_active=True).prefetch_related("further_prices")


def card_of(workspace: Workspace) -> SavedCard | None:
    """The card that can be charged: none of another account or mode of Stripe."""
    customers = Customer.objects.filter(stripe_client.ours(), deleted_at=None)
    cards = SavedCard.objects.filter(workspace=workspace, removed_at=None, customer__in=customers)
    return cards.select_related("customer").first()


def top_ups_of(workspace: Workspace) -> QuerySet[TopUp]:
    rows = TopUp.objects.filter(workspace=workspace)
    return rows.select_related("order__workspace", "card__customer", "workspace")
