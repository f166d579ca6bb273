"""Credits that are about to expire: the workspace's managers are told a week before, once a lot."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import mails
from billing.models import CreditAccount, ExpiryNotice, Lot

AHEAD = timedelta(days=7)
AT_A_TIME = 200  # accounts


def run() -> int:
    """Tell of what expires within a week; returns how many workspaces were told."""
    accounts = _due().order_by().values("account_id").annotate(first=Min("expires_at"))
    soonest = accounts.order_by("first", "account_id").values_list("account_id", flat=True)
    return sum(_tell(account_id) for account_id in list(soonest[:AT_A_TIME]))


def _due() -> QuerySet[Lot]:
    """Who was given credits for less than a week knew it then."""
    now = timezone.now()
    return Lot.objects.filter(
        remaining__gt=0,
        expires_at__gt=now,
        expires_at__lte=now + AHEAD,
        entry__created_at__lt=F("expires_at") - AHEAD,
        expiry_notice=None,
    )


def _tell(account_id: int) -> bool:
    with transaction.atomic(durable=True):
        account = CreditAccount.objects.select_for_update().get(pk=account_id)
        lots = list(_due().filter(account=account).order_by("expires_at"))
        noted = ExpiryNotice.objects.bulk_create(ExpiryNotice(lot=lot) for lot in lots)
    if not lots:
        return False  # Another worker was faster.
    told = mails.try_to_send(
        "billing/email/credits_expire",
        to=mails.managers_of(account.workspace),
        about=account.workspace,
        workspace=account.workspace,
        credits=sum(lot.remaining for lot in lots),
        days=_by_time(lots),
        link=settings.SITE_URL + reverse("credits"),
    )
    if not told:
        ExpiryNotice.objects.filter(pk__in=[one.pk for one in noted]).delete()
    return told


def _by_time(lots: list[Lot]) -> list[tuple[datetime | None, int]]:
    return [
        (expires_at, sum(lot.remaining for lot in group))
        for expires_at, group in groupby(lots, key=lambda lot: lot.expires_at)
    ]
