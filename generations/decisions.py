"""What the operator may decide about a job by hand. Each leaves a history row with the name."""

from __future__ import annotations

from django.db import transaction

import billing.credits
from generations import late
from generations.events import announce
from generations.models import Generation, State
from generations.refresh import wake
from generations.states import Stale, move

DECIDABLE = {State.RECONCILING, State.QUEUED}


def look_now(generation: Generation) -> bool:
    """Have the provider asked at once. False where there is nothing to ask."""
    if generation.state not in {State.PROCESSING, State.RECONCILING}:
        return False
    wake(generation)
    return True


def fail_and_release(generation: Generation, *, by: str) -> bool:
    """End a job whose verdict nobody can give, without charge. False if it is not in doubt.

    The provider is still asked for some days about a job that it may have: should it succeed after
    all, the result is delivered, and charged by an adjustment (`generations.late`).
    """
    was = State(generation.state)
    if was not in DECIDABLE:
        return False
    try:
        with transaction.atomic(durable=True):
            move(
                generation,
                State.FAILED,
                reason=f"failed by {by}",
                attention="",
                error_code="canceled_by_operator",
                error_message="The provider gave no verdict. Nothing was charged.",
                late_look_at=late.first_look() if was == State.RECONCILING else None,
            )
            billing.credits.settle(hold=generation.hold, amount=0, reason="decided by the operator")
            announce(generation)
    except Stale:
        return False
    return True
