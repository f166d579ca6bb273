"""What is due, for the worker's clock: it rings these tasks, whoever forgot to."""

from __future__ import annotations

from generations import dispatch, refresh, storing

MOST_STORES = 20


def due() -> list[tuple[str, tuple[int, ...]]]:
    """Tasks, with their arguments, for which some row is due now."""
    found: list[tuple[str, tuple[int, ...]]] = []
    if dispatch.due().exists() or dispatch.interrupted().exists():
        found.append(("generations.tasks.dispatch", ()))
    if refresh.due().exists():
        found.append(("generations.tasks.refresh", ()))
    stores = storing.due().order_by("due_at").values_list("pk", flat=True)[:MOST_STORES]
    found += [("generations.tasks.store", (pk,)) for pk in stores]
    return found
