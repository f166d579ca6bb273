"""When to look again. Provider timers are multiplied by TIMER_SCALE, leases are not."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

# Leases: longer than the calls they guard usually can take (kling.transport). A provider whose
# answer drips in may outlast one: nothing is lost by it, the job is only looked at twice.
SUBMIT_LEASE = 90.0
QUERY_LEASE = 90.0
STORE_LEASE = 330.0  # the queue stops a task at settings.TASK_TIMEOUT

GIVE_NOTICE_AFTER = timedelta(hours=24)

# A submit whose answer was lost is looked for after these seconds. Only when the grace period is
# over does "the provider does not know it" mean that it was never accepted.
PROBES = (5.0, 15.0, 45.0, 120.0)
GRACE = 180.0
SLOW_PROBE = 900.0


def after(seconds: float) -> datetime:
    """The time `seconds` of provider time from now."""
    return timezone.now() + timedelta(seconds=seconds * settings.TIMER_SCALE)


def lease(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def backoff(attempts: int, *, first: float = 1.0, longest: float = 60.0) -> float:
    """Seconds before attempt `attempts + 1`: doubling, with up to a quarter of jitter."""
    seconds = min(longest, first * 2.0 ** min(attempts, 16))
    jitter: float = random.uniform(0.75, 1.0)  # noqa: S311  spreads load, guards nothing
    return seconds * jitter


def is_overdue(submitted_at: datetime) -> bool:
    """Whether a task has run for so long that a person should know."""
    return age(submitted_at) > GIVE_NOTICE_AFTER.total_seconds()


def age(submitted_at: datetime) -> float:
    """Seconds of provider time since then."""
    return (timezone.now() - submitted_at).total_seconds() / settings.TIMER_SCALE
