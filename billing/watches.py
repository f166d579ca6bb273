"""Thresholds on available credits: each crossing is seen once, whatever hangs on it.

A kind of watch (BalanceWatch.Kind) has a default threshold and something to do. The worker's clock
finds crossings by comparing rows, so nothing has to be remembered where credits are spent:

    watches.rearm(kind, default=…)
    for account in watches.crossed(kind, default=…):
        with transaction.atomic(durable=True):
            if watch := watches.take(account, kind, default=…):
                …  # in the same transaction, once per crossing
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Workspace
from billing.models import BalanceWatch, CreditAccount, Entry

Kind = BalanceWatch.Kind


def crossed(kind: Kind, *, default: int) -> QuerySet[CreditAccount]:
    """Accounts that have fallen below their threshold (micro-credits), and were not taken yet.

    A new workspace, which never had that much, has not fallen.
    """
    had_more = Entry.objects.filter(
        account=OuterRef("pk"), balance_after__gte=OuterRef("threshold")
    )
    return _watched(kind, default).filter(
        Q(watch__is_armed=True) | Q(Q(watch__pk=None), Exists(had_more)),
        balance__lt=F("held") + F("threshold"),
    )


def take(account: CreditAccount, kind: Kind, *, default: int) -> BalanceWatch | None:
    """The crossing, for one caller only; None for all others, and if there is none any more."""
    if not crossed(kind, default=default).filter(pk=account.pk).exists():
        return None
    fired = {"is_armed": False, "crossed_at": timezone.now()}
    watch, is_new = BalanceWatch.objects.get_or_create(
        workspace_id=account.workspace_id, kind=kind, defaults=fired
    )
    if is_new:
        return watch
    if not BalanceWatch.objects.filter(pk=watch.pk, is_armed=True).update(**fired):
        return None
    watch.refresh_from_db()
    return watch


def recovered(kind: Kind, *, default: int) -> QuerySet[CreditAccount]:
    """Accounts that fell below their threshold once, and have enough again."""
    fired = _watched(kind, default).filter(Q(watch__is_armed=False))
    return fired.filter(balance__gte=F("held") + F("threshold"))


def rearm(kind: Kind, *, default: int) -> int:
    """Arm the watches of those; returns how many."""
    workspaces = list(recovered(kind, default=default).values_list("workspace", flat=True))
    fired = BalanceWatch.objects.filter(kind=kind, is_armed=False, workspace__in=workspaces)
    return fired.update(is_armed=True)


@transaction.atomic
def set_threshold(workspace: Workspace, kind: Kind, *, threshold: int | None) -> BalanceWatch:
    """Watch for a threshold of the workspace's own; None: the default, 0: never.

    What is below it already is no crossing.
    """
    now = timezone.now()
    account = CreditAccount.objects.filter(workspace=workspace).first()
    available = account.available if account else 0
    is_armed = threshold is None or available >= threshold
    watch, _ = BalanceWatch.objects.select_for_update().get_or_create(
        workspace=workspace, kind=kind
    )
    watch.threshold, watch.is_armed = threshold, is_armed
    watch.crossed_at = watch.crossed_at if is_armed else watch.crossed_at or now
    watch.save(update_fields=["threshold", "is_armed", "crossed_at"])
    return watch


def _watched(kind: Kind, default: int) -> QuerySet[CreditAccount]:
    own = FilteredRelation(
        "workspace__balance_watches", condition=Q(workspace__balance_watches__kind=kind)
    )
    threshold = Coalesce("watch__threshold", Value(default), output_field=BigIntegerField())
    return (
        CreditAccount.objects.alias(watch=own)
        .annotate(threshold=threshold)
        .filter(threshold__gt=0)
        .order_by("pk")
    )
