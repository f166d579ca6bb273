"""How many requests a minute a key or an address may send, counted for all processes together.

One statement a request, which counts and reads at once: of many at the same time none is counted
twice or lost. Time is the database's own (on SQLite this machine's), so that the clocks of web
machines do not matter. A minute begins with the first request in it. A clock that jumps begins
a new one; nobody waits longer than a minute.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from django.db import connection

from accounts.models import RequestCount

SECONDS = 60
# Statements that overtake each other may be told times in the wrong order.
TOLERANCE = 5
FORGET_AFTER = 3600

_OVER = f"excluded.started NOT BETWEEN kept.started - {TOLERANCE} AND kept.started + {SECONDS}"
_COUNT = """
INSERT INTO accounts_requestcount AS kept (key, started, count) VALUES (%s, {now}, 1)
ON CONFLICT (key) DO UPDATE SET
  started = CASE WHEN {over} THEN excluded.started ELSE kept.started END,
  count = CASE WHEN {over} THEN 1 ELSE kept.count + 1 END
RETURNING count, started + {seconds} - {now}
"""
_DATABASE_CLOCK = "extract(epoch FROM clock_timestamp())::double precision"


@dataclass(frozen=True)
class Standing:
    """A limit after a request. `reset`: whole seconds until the minute is over, 1 to 60."""

    policy: str
    limit: int
    used: int
    reset: int

    @property
    def is_exceeded(self) -> bool:
        return self.used > self.limit

    def headers(self) -> dict[str, str]:
        """As structured fields of the IETF draft "RateLimit header fields for HTTP"."""
        remaining = max(0, self.limit - self.used)
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w={SECONDS}',
            "RateLimit": f'"{self.policy}";r={remaining};t={self.reset}',
        }


def count(policy: str, name: object, *, limit: int) -> Standing:
    """Count one request more; `name` is whose it is within the policy."""
    own_clock = connection.vendor != "postgresql"
    sql = _COUNT.format(now="%s" if own_clock else _DATABASE_CLOCK, over=_OVER, seconds=SECONDS)
    now = [time.time()] if own_clock else []
    with connection.cursor() as cursor:
        cursor.execute(sql, [f"{policy}:{name}", *now, *now])
        used, left = cursor.fetchone()
    return Standing(policy, limit, used, min(max(math.ceil(left), 1), SECONDS))


def forget() -> None:
    """Every hour: drop the counts of those who have not come back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT {_DATABASE_CLOCK}")
            now = cursor.fetchone()[0]
        else:
            now = time.time()
    RequestCount.objects.filter(started__lt=now - FORGET_AFTER).delete()
    RequestCount.objects.filter(started__gt=now + FORGET_AFTER).delete()
