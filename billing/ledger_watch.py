"""Proves the ledger on a schedule, and tells the operator of each violation once."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import mails
from billing import ledger
from billing.models import LedgerAlarm

log = structlog.get_logger(__name__)


def run() -> int:
    """Check the whole ledger; the number of violations. Twice at once does no harm."""
    violations = ledger.check().violations
    found = {(violation["rule"], _detail(violation)) for violation in violations}
    _remember(found)
    _tell()
    return len(violations)


def _detail(violation: dict[str, Any]) -> str:
    """What stays the same as long as nobody mends it, so that it is one alarm."""
    return f"row {violation['id']}" if "id" in violation else str(violation["missing"])


@transaction.atomic
def _remember(found: set[tuple[str, str]]) -> None:
    known = {(alarm.rule, alarm.detail): alarm for alarm in open_alarms()}
    for key, alarm in known.items():
        if key not in found:
            alarm.mended_at = timezone.now()
            alarm.save(update_fields=["mended_at"])
    LedgerAlarm.objects.bulk_create(
        [LedgerAlarm(rule=rule, detail=detail) for rule, detail in sorted(found - known.keys())],
        ignore_conflicts=True,
    )


def _tell() -> None:
    """By mail and log. An alarm whose mail was not taken is told again by the next run."""
    untold = list(open_alarms().filter(told_at__isnull=True))
    if not untold:
        return
    for alarm in untold:
        log.error("ledger_violation", rule=alarm.rule, detail=alarm.detail)
    told = mails.try_to_send(
        "billing/email/ledger_alarm", to=mails.operators(), about="the ledger", alarms=untold
    )
    if told:
        pks = [alarm.pk for alarm in untold]
        LedgerAlarm.objects.filter(pk__in=pks).update(told_at=timezone.now())


def open_alarms() -> QuerySet[LedgerAlarm]:
    return LedgerAlarm.objects.filter(mended_at__isnull=True)
