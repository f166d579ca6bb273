"""The breaker of a provider account: open while its provider refuses it (key, arrears, balance).

`providers.pause` opens it, so that nothing more is sent, and has the operator told. Where the
dialect tells of an account's resource packs, the worker's clock asks now and then, and closes the
breaker when that answer finds nothing wrong; elsewhere the operator does, in admin. An account that
is refused again after such a try is tried ever more rarely, and the operator is told of it only
once, until it has taken a job.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from generations import providers
from generations.models import ProviderAccount
from kling import packs
from kling.errors import KlingError

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
PACKS_OF = timedelta(days=30)


def due() -> QuerySet[ProviderAccount]:
    """Paused accounts that may be tried again."""
    return ProviderAccount.objects.filter(
        enabled=True, paused_at__isnull=False, try_at__lte=timezone.now()
    )


def run() -> int:
    """Ask about those; returns how many take jobs again."""
    return sum(_try(account) for account in due())


def _try(account: ProviderAccount) -> bool:
    # Claimed before the call: a worker that dies leaves it due again.
    row = ProviderAccount.objects.filter(pk=account.pk, try_at=account.try_at)
    if not row.update(try_at=timezone.now() + LEASE):
        return False
    account.tries += 1
    # Unless the operator has closed it meanwhile.
    paused = ProviderAccount.objects.filter(pk=account.pk, paused_at=account.paused_at)
    if not _is_well(account):
        paused.update(try_at=providers.next_try(account), tries=account.tries)
        return False
    if not paused.update(paused_at=None, paused_reason="", try_at=None, tries=account.tries):
        return False
    log.warning("provider account %s is tried again", account.slug)
    providers.wake_queue(account)
    return True


def _is_well(account: ProviderAccount) -> bool:
    """Whether the provider accepts the key, and does not say that all packs are used up."""
    end = timezone.now()
    try:
        client = providers.client_for(account)
        told = client.costs(start=_milliseconds(end - PACKS_OF), end=_milliseconds(end))
    except KlingError as exc:
        log.info("provider account %s stays paused: %s", account.slug, exc)
        return False
    return not packs.are_used_up(told)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
