"""What is due, for the worker's clock: it rings these tasks."""

from __future__ import annotations

from time import monotonic

from django.conf import settings

from billing import low_balance
from billing.top_ups import due as top_ups

# No index can say who has crossed a threshold: it stands in another table than the credits.
LOOK_EVERY = 5.0  # seconds

_next_look = 0.0


def due() -> list[tuple[str, tuple[int, ...]]]:
    """Tasks, with their arguments, for which some row is due now; most calls only see the time."""
    global _next_look
    if monotonic() < _next_look:
        return []
    _next_look = monotonic() + LOOK_EVERY * settings.TIMER_SCALE
    looks = {
        "billing.tasks.watch_balances": low_balance.is_due,
        "billing.tasks.top_up": top_ups.is_due,
    }
    return [(task, ()) for task, is_due in looks.items() if is_due()]
