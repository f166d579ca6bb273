"""What people and programs do with generations. Pages, API and commands call these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

import billing.credits
from accounts.access import Actor
from accounts.fixed_writes import insert
from accounts.models import Scope
from accounts.quotas import QuotaExceeded
from billing.errors import AccountFrozen, InsufficientCredits
from generations import approvals, assets, quotas
from generations.errors import (
    ClientTaskIdTaken,
    IdempotencyInProgress,
    IdempotencyMismatch,
    NotCancellable,
    NotFinished,
)
from generations.events import announce
from generations.models import Approval, Generation, IdempotencyKey, State
from generations.models.generations import new_generation_id
from generations.quoting import Order, Priced, at_agreed_price, estimate, quote
from generations.states import MOVES, Stale, move, record
from worker.doorbell import ring

__all__ = ["Created", "Order", "Priced", "cancel", "delete", "estimate", "quote", "submit"]

IDEMPOTENCY_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True)
class Created:
    generation: Generation
    replayed: bool = False


def submit(order: Order, *, by: Actor) -> Created:
    """Create a generation and hold its credits, all or nothing; a worker does the rest.

    Raises InvalidRequest, ProviderUnavailable, QuoteExpired, PriceRaised, InsufficientCredits,
    AccountFrozen, QuotaExceeded, IdempotencyMismatch, IdempotencyInProgress, ClientTaskIdTaken;
    after any of them nothing has been written, but that files which came along may have become
    uploads.
    """
    by.require(Scope.WRITE)
    if replayed := _replay(order, by):
        return Created(replayed, replayed=True)
    _refuse_taken(order, by)
    priced = at_agreed_price(order, estimate(order, workspace=by.workspace, keep=True), by)
    try:
        return Created(_create(order, priced, by=by))
    except (IntegrityError, InsufficientCredits, AccountFrozen, QuotaExceeded) as exc:
        # Twenty equal requests at once: the first one's key was committed while we waited for the
        # account's row, and it may have taken the last credits.
        if replayed := _replay(order, by):
            return Created(replayed, replayed=True)
        _refuse_taken(order, by)
        if order.idempotency_key and isinstance(exc, IntegrityError):
            raise IdempotencyInProgress from None
        raise


@transaction.atomic(durable=True)
def _create(order: Order, priced: Priced, *, by: Actor) -> Generation:
    public_id, price = new_generation_id(), priced.price.credits
    # The account row first: it serialises the jobs of one workspace, so the quotas below hold.
    hold = billing.credits.hold(workspace=by.workspace, amount=price, key=public_id)
    quotas.check(by, credits=price)
    needs_approval = approvals.is_needed(by, credits=price)
    due_at = timezone.now() + (settings.APPROVAL_LIFETIME if needs_approval else timedelta())
    generation = Generation(
        public_id=public_id,
        workspace=by.workspace,
        created_by=by.user,
        api_key=by.api_key,
        external_task_id=uuid4().hex,
        approval=Approval.WAITING if needs_approval else "",
        due_at=due_at,
        hold=hold,
        **_asked(order, priced),
        **_agreed(priced),
    )
    insert(generation)
    record(generation, was=None, reason="created")
    if needs_approval:
        approvals.ask(generation, until=due_at)
    if order.idempotency_key:
        used = IdempotencyKey(key=order.idempotency_key, digest=order.digest)
        used.workspace, used.generation = by.workspace, generation
        insert(used)
    # No doorbell: the row is due, and the worker's clock looks every moment. A queue entry here
    # would cost a third of the whole transaction, and still be the same work.
    return generation


def _asked(order: Order, priced: Priced) -> dict[str, Any]:
    """Columns for what was asked for, and who is to make it."""
    request = priced.route.request
    return {
        "operation": request.operation.name,
        "model": request.model,
        "mode": str(request.input.get("mode", "")),
        "input": request.input,
        "metadata": dict(order.metadata),
        "webhook_url": order.webhook_url,
        "client_task_id": order.client_task_id or None,
        "callback_url": order.callback_url,
        "account": priced.route.account,
        "provider": order.provider,
        "slots": request.slots,
    }


def _agreed(priced: Priced) -> dict[str, Any]:
    """Columns for the price, frozen: no price book is asked again."""
    request, price = priced.route.request, priced.price
    return {
        "units": request.units.amount,
        "step_units": request.step.units.amount if request.step else 0,
        "unit_type": request.units.unit_type,
        "price_book_id": price.book_id,
        "rate": price.rate,
        "quoted": price.credits,
    }


def cancel(generation: Generation, *, by: Actor) -> None:
    """Cancel what has not reached the provider, and release its credits.

    Raises NotCancellable afterwards: Kling has no cancel.
    """
    by.require(Scope.WRITE)
    if State.CANCELED not in MOVES[State(generation.state)]:
        raise NotCancellable(_why_not_cancellable(State(generation.state)))
    try:
        with transaction.atomic(durable=True):
            move(generation, State.CANCELED, reason=f"canceled by {by.name}")
            billing.credits.release(hold=generation.hold, reason="canceled")
            announce(generation)
    except Stale:
        generation.refresh_from_db()
        raise NotCancellable(_why_not_cancellable(State(generation.state))) from None


def delete(generation: Generation, *, by: Actor) -> None:
    """Remove a finished generation's input, results and files; what it cost stays on the books."""
    by.require(Scope.WRITE)
    wiped: dict[str, Any] = {"input": {}, "metadata": {}, "outputs": []}
    wiped |= {"client_task_id": None, "callback_url": "", "webhook_url": ""}
    with transaction.atomic(durable=True):
        # On the row as it is: what a person ended may have begun to deliver after all.
        finished = Generation.objects.filter(pk=generation.pk, due_at=None)
        if not finished.update(deleted_at=timezone.now(), **wiped):
            raise NotFinished("Only a finished generation can be deleted. Cancel it, or wait.")
        assets.forget(generation)
        record(generation, was=State(generation.state), reason=f"deleted by {by.name}")
        ring("generations.tasks.erase", generation.pk)


def _replay(order: Order, by: Actor) -> Generation | None:
    if not order.idempotency_key:
        return None
    found = (
        IdempotencyKey.objects.filter(workspace=by.workspace, key=order.idempotency_key)
        .select_related("generation__account")
        .first()
    )
    if found is None:
        return None
    if found.created_at < timezone.now() - IDEMPOTENCY_LIFETIME:
        found.delete()
        return None
    if found.digest != order.digest:
        raise IdempotencyMismatch("This Idempotency-Key was used with another request.")
    return found.generation


def _refuse_taken(order: Order, by: Actor) -> None:
    """Asked before the files are looked at, and again when another request was faster."""
    if not order.client_task_id:
        return
    rows = Generation.objects.filter(workspace=by.workspace, client_task_id=order.client_task_id)
    if rows.exists():
        raise ClientTaskIdTaken(f"External_task_id {order.client_task_id} already exists")


def _why_not_cancellable(state: State) -> str:
    if state == State.CANCELED:
        return "This generation has already been cancelled."
    if state in {State.SUCCEEDED, State.FAILED}:
        return f"This generation has already {state.label.lower()}."
    return "This generation has reached the provider, which cannot cancel."
