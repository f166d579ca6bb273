"""What the queue calls. Each looks at the rows and does what is due; twice does no harm."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from generations import (
    actions,
    alarms,
    breaker,
    late,
    notices,
    polling,
    pruning,
    storing,
    takeover,
)
from generations import approvals as approving
from generations import dispatch as dispatching
from generations.models import IdempotencyKey, Quote
from worker.doorbell import ring

KEEP_QUOTES = timedelta(days=7)
PRUNE_SECONDS = 200.0  # within settings.TASK_TIMEOUT


def dispatch() -> None:
    dispatching.recover_interrupted()
    takeover.run()
    dispatching.run()


def refresh() -> None:
    polling.run()


def help_refresh() -> None:
    polling.help_out()


def try_accounts() -> None:
    breaker.run()


def look_late() -> None:
    late.run()


def approvals() -> None:
    approving.run()


def store(pk: int) -> None:
    storing.run(pk)


def erase(pk: int) -> None:
    storing.erase(pk)


def tell_operators() -> None:
    notices.tell()


def sweep() -> None:
    """Every minute: ring what is due, in case that no clock runs."""
    for task, args in alarms.due():
        ring(task, *args)


def prune() -> None:
    """Every hour: forget idempotency keys after their day, and quotes that nobody took."""
    now = timezone.now()
    IdempotencyKey.objects.filter(created_at__lt=now - actions.IDEMPOTENCY_LIFETIME).delete()
    Quote.objects.filter(expires_at__lt=now - KEEP_QUOTES).delete()


def prune_files() -> None:
    """Every day: remove files that are past their days, or that no row knows."""
    pruning.prune(seconds=PRUNE_SECONDS)
