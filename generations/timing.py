"""When to look again. Provider timers are multiplied by TIMER_SCALE, leases are not."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

# Leases: longer than the call they guard can take, so that only a dead worker loses one.
SUBMIT_LEASE = 90.0  # connect 10 s + read 60 s, and room to record the answer
QUERY_LEASE = 90.0
STORE_LEASE = 330.0  # the queue stops a task at settings.TASK_TIMEOUT

FIRST_LOOK = {"video": 4.0, "image": 3.0, "audio": 2.0}
SHORTEST_INTERVAL, LONGEST_INTERVAL, STALE_INTERVAL = 2.0, 15.0, 900.0
SHARE_OF_AGE = 0.15
STALE_AFTER = timedelta(hours=2)
GIVE_NOTICE_AFTER = timedelta(hours=24)

# A submit whose answer was lost is looked for after these seconds. The last one is the grace
# period: only then does "the provider does not know it" mean that it was never accepted.
PROBES = (5.0, 15.0, 45.0, 120.0)
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


def next_look(submitted_at: datetime) -> datetime:
    """When to ask again about a running task: a share of its age, so long ones cost little."""
    age = (timezone.now() - submitted_at).total_seconds() / settings.TIMER_SCALE
    if age > STALE_AFTER.total_seconds():
        return after(STALE_INTERVAL)
    return after(min(LONGEST_INTERVAL, max(SHORTEST_INTERVAL, SHARE_OF_AGE * age)))
