"""Jobs that wait for an account which sends nothing any more: to the next one that takes them.

Only what the first account has surely not accepted: a job that was ever in doubt stays, and with
it one that only this account can do, since its input names something that the provider keeps.
They wait until the operator has mended the account.
"""

from __future__ import annotations

import logging
from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from generations import inputs, offering, routing, slots, timing
from generations.errors import InvalidRequest, ProviderUnavailable
from generations.models import Generation, ProviderAccount, State
from generations.routing import Route, Wish
from generations.states import postpone, record
from kling import operations
from kling.catalogue import CatalogueError
from kling.errors import InvalidInput

log = logging.getLogger(__name__)

AT_A_TIME = 200  # jobs
TRY_AGAIN = 30.0  # seconds: another account may have been added or mended by then


def due() -> QuerySet[Generation]:
    """Due jobs whose account is paused or switched off."""
    return slots.sendable().exclude(slots.AT_A_USABLE_ACCOUNT)


def run() -> int:
    """Hand over what can be; returns the number of jobs that have another account now."""
    rows = due().select_related("account", "workspace").order_by("due_at")
    return sum(_look_at(generation) for generation in rows[:AT_A_TIME])


def _look_at(generation: Generation) -> bool:
    try:
        route = _successor(generation)
    except Exception:
        # One job that cannot be read must not keep the others waiting.
        log.exception("%s cannot be handed over", generation.public_id)
        route = None
    if route is not None and _hand_over(generation, route.account):
        return True
    postpone(generation, due_at=timing.after(TRY_AGAIN))
    return False


def _successor(generation: Generation) -> Route | None:
    """Where else the job can go as it is, at no more than its frozen units."""
    if generation.transitions.filter(now=State.RECONCILING).exists():
        return None
    operation = operations.get(generation.operation)
    try:
        serving = routing.serving(operation, generation.provider)
        with inputs.resolve(
            generation.operation, generation.input, workspace=generation.workspace, keep=False
        ) as given:
            if given.values != generation.input:
                return None  # an id that only this account knows: without it, it is another job
            others = [one for one in serving if _is_possible(one, generation, given.only)]
        return routing.choose(others, _wish(generation), prefer=given.prefer) if others else None
    except (InvalidRequest, ProviderUnavailable, InvalidInput, CatalogueError, inputs.CannotBeSent):
        return None


def _is_possible(
    account: ProviderAccount, generation: Generation, only: Collection[int] | None
) -> bool:
    is_other = account.pk != generation.account_id
    return is_other and account.is_usable and (only is None or account.pk in only)


def _wish(generation: Generation) -> Wish:
    operation = operations.get(generation.operation)
    # What the operator has priced costs the same through each account, and its rate may be gone.
    own_price = offering.is_priced_by_operator(operation)
    return Wish(
        operation,
        generation.input,
        inputs.media_of(generation),
        rates={operation.name: generation.units},
        today=generation.created_at.date(),
        at_most=routing.ENDLESS if own_price else generation.units,
    )


@transaction.atomic(durable=True)
def _hand_over(generation: Generation, account: ProviderAccount) -> bool:
    """False if somebody has moved the job meanwhile. Its external id stays."""
    rows = Generation.objects.filter(
        pk=generation.pk, state=State.QUEUED, account=generation.account_id
    ).update(account=account, due_at=timezone.now(), attention="")
    if rows:
        record(generation, was=State.QUEUED, reason=f"handed over to {account.slug}")
        log.warning("%s: from %s to %s", generation.public_id, generation.account, account)
    return bool(rows)
