"""What is due, for the worker's clock: it rings these tasks, whoever forgot to."""

from __future__ import annotations

from generations import approvals, breaker, dispatch, late, notices, refresh, storing, takeover

MOST_STORES = 20


def due() -> list[tuple[str, tuple[int, ...]]]:
    """Tasks, with their arguments, for which some row is due now."""
    found: list[tuple[str, tuple[int, ...]]] = []
    waiting = (dispatch.due(), dispatch.interrupted(), takeover.due())
    if any(rows.exists() for rows in waiting):
        found.append(("generations.tasks.dispatch", ()))
    if refresh.due().exists():
        found.append(("generations.tasks.refresh", ()))
    if notices.due().exists():
        found.append(("generations.tasks.tell_operators", ()))
    if late.due().exists():
        found.append(("generations.tasks.look_late", ()))
    if breaker.due().exists():
        found.append(("generations.tasks.try_accounts", ()))
    if approvals.due().exists():
        found.append(("generations.tasks.approvals", ()))
    stores = storing.due().order_by("due_at").values_list("pk", flat=True)[:MOST_STORES]
    found += [("generations.tasks.store", (pk,)) for pk in stores]
    return found
