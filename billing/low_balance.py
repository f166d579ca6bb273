"""Credits that run low: the workspace's programs and managers are told, once per crossing."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import audit, mails
from accounts.access import Actor
from accounts.models import Role
from billing import credits, watches
from billing.amounts import to_text
from billing.models import BalanceWatch, CreditAccount
from billing.watches import Kind
from webhooks.outbox import announce

AT_A_TIME = 200  # accounts
MAIL_AGAIN = timedelta(minutes=2)
# What could not be mailed for a day is old news, and stands on the page anyway.
MAIL_FOR = timedelta(days=1)


def is_due() -> bool:
    """Whether `run` would find anything to do."""
    recovered = watches.recovered(Kind.LOW, default=settings.LOW_BALANCE)
    return any(rows.exists() for rows in (_crossed(), recovered, _mails_due()))


def run() -> int:
    """Tell of every crossing that was not told of yet; returns how many."""
    watches.rearm(Kind.LOW, default=settings.LOW_BALANCE)
    told = sum(_tell(account) for account in _crossed()[:AT_A_TIME])
    for watch in _mails_due().select_related("workspace")[:AT_A_TIME]:
        _mail(watch)
    return told


def set_threshold(*, by: Actor, threshold: int | None) -> BalanceWatch:
    """Warn below so many micro-credits; None: as everybody, 0: never. Needs the role admin."""
    by.require_role(Role.ADMIN)
    with transaction.atomic():
        watch = watches.set_threshold(by.workspace, Kind.LOW, threshold=threshold)
        audit.record(by=by, action="low_balance.changed", after=threshold)
    return watch


def threshold_of(actor: Actor) -> int | None:
    """The workspace's own, in micro-credits; None: it has none."""
    rows = BalanceWatch.objects.filter(workspace=actor.workspace, kind=Kind.LOW)
    return rows.values_list("threshold", flat=True).first()


def _crossed() -> QuerySet[CreditAccount]:
    return watches.crossed(Kind.LOW, default=settings.LOW_BALANCE)


def _tell(account: CreditAccount) -> bool:
    with transaction.atomic(durable=True):
        watch = watches.take(account, Kind.LOW, default=settings.LOW_BALANCE)
        if watch is None:
            return False
        watch.mail_due_at = timezone.now()
        watch.save(update_fields=["mail_due_at"])
        announce(workspace=watch.workspace, type="credits.low", data=_data(watch))
    return True


def _data(watch: BalanceWatch) -> dict[str, str]:
    now = credits.balance(watch.workspace)
    return {
        "balance": to_text(now.balance),
        "held": to_text(now.held),
        "available": to_text(now.available),
        "threshold": to_text(_threshold(watch)),
    }


def _threshold(watch: BalanceWatch) -> int:
    default: int = settings.LOW_BALANCE
    return default if watch.threshold is None else watch.threshold


def _mails_due() -> QuerySet[BalanceWatch]:
    return BalanceWatch.objects.filter(kind=Kind.LOW, mail_due_at__lte=timezone.now())


def _mail(watch: BalanceWatch) -> None:
    now = timezone.now()
    # Claimed before the mail: a worker that dies leaves it due again, mailed twice at worst.
    claimed = BalanceWatch.objects.filter(pk=watch.pk, mail_due_at=watch.mail_due_at)
    if not claimed.update(mail_due_at=now + MAIL_AGAIN):
        return
    is_old = watch.crossed_at is None or watch.crossed_at < now - MAIL_FOR
    if not is_old and not watch.is_armed and not _send(watch):
        return
    # Not a crossing that came meanwhile.
    BalanceWatch.objects.filter(pk=watch.pk, crossed_at=watch.crossed_at).update(mail_due_at=None)


def _send(watch: BalanceWatch) -> bool:
    return mails.try_to_send(
        "billing/email/credits_low",
        to=mails.managers_of(watch.workspace),
        about=watch,
        workspace=watch.workspace,
        available=credits.balance(watch.workspace).available,
        threshold=_threshold(watch),
        link=settings.SITE_URL + reverse("credits"),
        settings_link=settings.SITE_URL + reverse("settings_spending"),
    )
