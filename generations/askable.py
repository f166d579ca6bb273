"""Which accounts can be asked about their jobs now: trouble is an account's, not a job's.

A provider that answers nobody is asked about one job at a time, ever more slowly; the first
answer lets all of its jobs be asked about again.
"""

from __future__ import annotations

import logging

from django.db.models import F, Q
from django.utils import timezone

import kling.errors
from generations import notices, providers, timing
from generations.models import ProviderAccount
from kling.errors import KlingError

log = logging.getLogger(__name__)

TROUBLED = 3  # queries in a row without an answer
FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0  # seconds
TELL_AFTER = 10  # failures in a row: with the waits between them, some minutes


def troubled() -> dict[int, bool]:
    """Accounts that do not answer, by primary key: whether one job may be asked about now."""
    now = timezone.now()
    rows = ProviderAccount.objects.filter(
        Q(asking_failures__gte=TROUBLED) | Q(ask_after__gt=now)
    ).values_list("pk", "ask_after")
    return {pk: after is None or after <= now for pk, after in rows}


def note_answer(account: ProviderAccount) -> None:
    """The provider has answered, whatever it said."""
    if account.asking_failures or account.ask_after:
        ProviderAccount.objects.filter(pk=account.pk).update(asking_failures=0, ask_after=None)
        account.asking_failures, account.ask_after = 0, None


def note_failure(account: ProviderAccount, error: KlingError) -> None:
    """The provider has not answered: a few times in a row, and the account rests."""
    if isinstance(error, providers.ACCOUNT_TROUBLE) and not error.retryable:
        providers.pause(account, str(error))
    row = ProviderAccount.objects.filter(pk=account.pk)
    # Calls that were under way together fail together: that is one failure, not thirty.
    awake = row.filter(Q(ask_after=None) | Q(ask_after__lte=timezone.now()))
    if not awake.update(asking_failures=F("asking_failures") + 1):
        return
    account.asking_failures = row.values_list("asking_failures", flat=True).first() or 1
    if wait := _wait(account.asking_failures, error):
        account.ask_after = timing.after(wait)
        row.update(ask_after=account.ask_after)
        log.warning("account %s is not asked for %.1f s: %s", account.slug, wait, error)
    if account.asking_failures == TELL_AFTER:
        notices.raise_once(
            f"silent:{account.pk}:{timezone.now():%Y-%m-%dT%H}",
            subject=f"{account.slug} does not answer questions about its jobs",
            text=f"The last answer: {error}. Its jobs go on; they are seen when it answers again.",
        )


def is_resting(account: ProviderAccount) -> bool:
    return account.ask_after is not None and account.ask_after > timezone.now()


def _wait(failures: int, error: KlingError) -> float:
    """Seconds to leave the account alone; 0 while it may have been chance."""
    if failures < TROUBLED and not isinstance(error, kling.errors.RateLimited):
        return error.retry_after or 0.0
    number = max(0, failures - TROUBLED)
    backoff = timing.backoff(number, first=FIRST_WAIT, longest=LONGEST_WAIT)
    return max(error.retry_after or 0.0, backoff)
