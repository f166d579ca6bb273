"""What is due, for the worker's clock: it rings these tasks."""

from __future__ import annotations

from time import monotonic

from django.conf import settings

from billing import low_balance

# No index can say who has crossed a threshold: it stands in another table than the credits.
LOOK_EVERY = 5.0  # seconds

_next_look = 0.0


def due() -> list[tuple[str, tuple[int, ...]]]:
    """Tasks, with their arguments, for which some row is due now; most calls only see the time."""
    global _next_look
    if monotonic() < _next_look:
        return []
    _next_look = monotonic() + LOOK_EVERY * settings.TIMER_SCALE
    return [("billing.tasks.watch_balances", ())] if low_balance.is_due() else []
