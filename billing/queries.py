"""The doors to a workspace's money: what belongs to another is not there."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Workspace
from billing.models import Entry, Order, Pack


def entries_of(workspace: Workspace) -> QuerySet[Entry]:
    return Entry.objects.filter(account__workspace=workspace).select_related("hold")


def orders_of(workspace: Workspace) -> QuerySet[Order]:
    return Order.objects.filter(workspace=workspace)


def packs_on_sale() -> QuerySet[Pack]:
    return Pack.objects.filter(is_active=True)
