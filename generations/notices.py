"""What the operator is told by e-mail, once each."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import mails
from generations.models import Notice

log = logging.getLogger(__name__)
AT_A_TIME = 20
TRY_AGAIN = timedelta(minutes=5)


def raise_once(key: str, *, subject: str, text: str) -> None:
    """Have the operator told, if `key` is new. May stand in any transaction."""
    if Notice.objects.filter(key=key[:200]).exists():
        return
    notice = Notice(key=key[:200], subject=subject[:200], text=text)
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    log.error("for the operator: %s: %s", subject, text)


def due() -> QuerySet[Notice]:
    return Notice.objects.filter(told_at=None, due_at__lte=timezone.now())


def tell() -> int:
    """Mail what is due to those who run this installation; the number of notices.

    Noted after the mail: told twice after a crash is better than never.
    """
    told = 0
    for notice in due().order_by("due_at")[:AT_A_TIME]:
        later = timezone.now() + TRY_AGAIN
        if due().filter(pk=notice.pk).update(due_at=later) and _mail(notice):
            told += Notice.objects.filter(pk=notice.pk).update(told_at=timezone.now())
    return told


def _mail(notice: Notice) -> bool:
    admin = reverse("admin:generations_generation_changelist") + "?attention__isempty=0"
    return mails.try_to_send(
        "generations/email/notice", to=mails.operators(), about=notice, notice=notice, admin=admin
    )
