"""What is due, for the worker's clock: it rings these tasks, whoever forgot to."""

from __future__ import annotations

from webhooks import deliveries, notices


def due() -> list[tuple[str, tuple[int, ...]]]:
    """Tasks, with their arguments, for which some row is due now."""
    if deliveries.overdue().exists() or notices.untold_too_long().exists():
        return [("webhooks.tasks.sweep", ())]
    return []
