"""Whether an account's callbacks come: if so, polling leaves the finding of results to them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Least
from django.utils import timezone

from generations import providers
from generations.models import CallbackHealth, Generation
from kling import dialects

log = logging.getLogger(__name__)

ENOUGH = 10  # jobs; before that nobody relies on them
WEIGHT = 0.05  # of one job in the share
# Of the jobs whose callback came, if 98 in 100 come, the share wanders between 0.9 and 1. With
# none at all it has fallen below the second figure after five.
RELY_FROM, RELY_UNTIL = 0.9, 0.78


def are_expected(generation: Generation) -> bool:
    """Whether the provider was told where to call, and its page says that it does."""
    account = generation.account
    documented = dialects.get(account.dialect).takes_callbacks(generation.operation)
    return documented and bool(providers.callback_url(account, generation.callback_token))


def reliable() -> set[int]:
    """Primary keys of the accounts whose callbacks can be trusted to come."""
    return set(CallbackHealth.objects.filter(reliable=True).values_list("account", flat=True))


def can_be_waited_for(generation: Generation) -> bool:
    own = CallbackHealth.objects.filter(account=generation.account_id, reliable=True)
    return are_expected(generation) and own.exists()


def judge(decided: Iterable[Generation]) -> None:
    """Count jobs that have just got their verdict: had a callback announced it?

    One that comes after all is taken back by `heard_late`.
    """
    judged = [generation for generation in decided if are_expected(generation)]
    # Asked now: one may have come since the verdict.
    rows = Generation.objects.filter(pk__in=[generation.pk for generation in judged])
    called = set(rows.filter(called_back_at__isnull=False).values_list("pk", flat=True))
    heard: dict[int, list[bool]] = defaultdict(list)
    for generation in judged:
        heard[generation.account_id].append(generation.pk in called)
    for account, of_account in sorted(heard.items()):
        _judge(account, of_account)


@transaction.atomic
def _judge(account: int, heard: Sequence[bool]) -> None:
    """A row that somebody else has just now is passed over instead of waited for."""
    own = CallbackHealth.objects.filter(account=account)
    if not own.exists():
        first = CallbackHealth(account_id=account)
        CallbackHealth.objects.bulk_create([first], ignore_conflicts=True)
    row = own.select_for_update(skip_locked=True).first()
    if row is None:
        return
    for one in heard:
        row.share = shifted(row.share, heard=one, judged=row.judged)
        row.judged = min(row.judged + 1, 1_000_000)
    _decide(row)
    row.save(update_fields=["share", "judged", "reliable", "changed_at"])


def shifted(share: float, *, heard: bool, judged: int) -> float:
    """The share after one job more, when `judged` jobs have been counted before it."""
    return share + max(WEIGHT, 1 / (judged + 1)) * (heard - share)


def heard_late(generation: Generation) -> None:
    """A callback came for a job whose verdict a poll had found first: it was not lost."""
    CallbackHealth.objects.filter(account=generation.account_id).update(
        share=Least(Value(1.0), F("share") + WEIGHT)
    )


def _decide(row: CallbackHealth) -> None:
    was = row.reliable
    if row.judged >= ENOUGH and row.share >= RELY_FROM:
        row.reliable = True
    elif row.share < RELY_UNTIL:
        row.reliable = False
    if row.reliable == was:
        return
    row.changed_at = timezone.now()
    log.warning(
        "callbacks of account %s: %s", row.account_id, "come" if row.reliable else "do not come"
    )
