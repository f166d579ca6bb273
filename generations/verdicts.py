"""What an answer of the provider means for a job: its state and its money, in one transaction."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

from django.db import transaction

import billing.credits
from billing.amounts import to_text
from billing.prices import cost
from generations import assets, notices, timing
from generations.events import announce, announce_running
from generations.looks import Schedule
from generations.models import Generation, State
from generations.states import move, postpone
from kling import operations
from kling.client import Task
from kling.envelope import deduction
from kling.units import plain
from worker.doorbell import ring

log = logging.getLogger(__name__)
# What it means that there is no result, where that is an answer.
NOTHING = {"faces": ("no_face", "There is no face in the video. Nothing was charged.")}
DELIVERED_LATE = "The provider delivered after all"
NO_RESULT = "The provider finished, but gave no result. Nothing was charged."


@transaction.atomic(durable=True)
def accept(generation: Generation, task: Task) -> None:
    """The provider has taken the job. Where it works at once, the verdict comes with it."""
    operation = operations.get(generation.operation)
    was_in_doubt = generation.state == State.RECONCILING
    move(
        generation,
        State.PROCESSING,
        reason="accepted by the provider",
        due_at=Schedule.of(generation).first(generation),
        task_id=task.task_id,
        checks=0,
        attention="",
    )
    if not was_in_doubt:  # that has been told
        announce_running(generation)
    if not operation.synchronous or not task.is_final:
        return
    # In one transaction: the provider cannot always be asked for such an answer again.
    if task.status == "succeed" and not task.outputs:
        code, message = NOTHING.get(operation.result_kind or "", ("result_lost", NO_RESULT))
        fail(generation, code=code, message=message, task=task)
    else:
        apply(generation, task)


def apply(generation: Generation, task: Task) -> None:
    """Take in what the provider says about the task of a PROCESSING or RECONCILING job.

    Raises Stale when another worker took in a verdict first; then nothing has changed.
    """
    if task.status == "failed":
        fail(generation, code="provider_failed", message=task.message, task=task)
    elif task.status == "succeed" and task.outputs:
        succeed(generation, task)
    else:
        _keep_looking(generation, task)


@transaction.atomic
def succeed(generation: Generation, task: Task) -> None:
    """Charge the job by what the provider deducted, at most the quote, and have it stored.

    Where a person has closed its hold meanwhile, the difference is adjusted.
    """
    amount = charge_for(generation, _units(generation, task))
    move(
        generation,
        State.STORING,
        reason="the provider has finished",
        checks=0,
        task_id=task.task_id,
        charged=amount,
        **taken(generation, task),
        outputs=assets.wanted(task),
        attention=_variance(generation, task),
        error_code="",
        error_message="",
        late_look_at=None,
    )
    _charge(generation, amount)
    ring("generations.tasks.store", generation.pk)


@transaction.atomic
def fail(
    generation: Generation,
    *,
    code: str,
    message: str,
    task: Task | None = None,
    lost_units: Decimal | None = None,
) -> None:
    """A definite no: nothing is charged, the reason is shown. `lost_units`: what it cost us."""
    changes: dict[str, Any] = {"error_code": code, "error_message": message[:500], "attention": ""}
    if lost_units is not None:
        changes["lost_units"] = lost_units
    if task is not None:
        changes["task_id"] = task.task_id
        changes |= taken(generation, task)
    move(generation, State.FAILED, reason=message or code, **changes)
    billing.credits.settle(hold=generation.hold, amount=0, reason=code)
    announce(generation)


@transaction.atomic(durable=True)
def lose(generation: Generation, *, message: str) -> None:
    """The result is gone for good: give the credits back as an entry that can be seen."""
    charged = generation.charged
    move(
        generation,
        State.FAILED,
        reason=message,
        charged=0,
        error_code="result_lost",
        error_message=message[:500],
    )
    if charged:
        billing.credits.refund(
            hold=generation.hold,
            amount=charged,
            key=f"{generation.public_id}:lost",
            reason="the result could not be stored",
        )
    announce(generation)


def charge_for(generation: Generation, units: Decimal | None) -> int:
    """Micro-credits for `units` that the provider took; without a number the quote stands.

    Never more than the quote: a higher deduction is the house's loss (`attention` says so).
    """
    if units is None:
        return generation.quoted
    return min(cost(units, rate=generation.rate), generation.quoted)


def _charge(generation: Generation, amount: int) -> None:
    """Less than `amount` only where a person has released the hold, and the customer has spent
    those credits since.
    """
    charged = billing.credits.settle(hold=generation.hold, amount=amount, reason=DELIVERED_LATE)
    if charged == amount:
        return
    owed = to_text(amount - charged)
    notice = f"{owed} credits of it could not be charged any more: the house's loss."
    generation.charged = charged
    generation.attention = f"{generation.attention} {notice}".strip()[:300]
    generation.save(update_fields=["charged", "attention"])


def taken(generation: Generation, task: Task) -> dict[str, Any]:
    """Columns for what the provider took and what that cost: frozen, since costs change."""
    return {
        "final_unit_deduction": (task.unit_deduction or "")[:64],
        "deducted": _units(generation, task),
        "unit_cost": generation.account.cost_of(generation.unit_type),
    }


def _units(generation: Generation, task: Task) -> Decimal | None:
    """What the job took: the deduction of its task, and what was paid for the step before it."""
    deducted = deduction(task)
    return None if deducted is None else plain(deducted + generation.step_units)


def _variance(generation: Generation, task: Task) -> str:
    units = _units(generation, task)
    if units is None and task.unit_deduction:
        return f"The provider's deduction is not a number: {task.unit_deduction[:60]}"
    if units is not None and units > generation.units:
        return f"The provider deducted {units} units, {generation.units.normalize()} were quoted."
    return ""


def is_nothing_new(generation: Generation, task: Task) -> bool:
    """Whether the answer changes nothing about the job but when it is looked at next."""
    began = generation.submitted_at or generation.created_at
    return (
        task.status in ("submitted", "processing")
        and generation.state == State.PROCESSING
        and not generation.attention
        and not timing.is_overdue(began)
    )


def _keep_looking(generation: Generation, task: Task) -> None:
    attention = _oddity(generation, task)
    if attention and attention != generation.attention:
        log.warning("%s: %s", generation.public_id, attention)
    without_result = task.status == "succeed"
    if without_result and timing.is_overdue(generation.submitted_at or generation.created_at):
        fail(generation, code="result_lost", message=NO_RESULT, task=task)
    elif generation.state == State.RECONCILING and not without_result:
        _resume(generation, task, attention)
    elif generation.state == State.PROCESSING and without_result:
        _doubt(generation, task, attention)
    else:
        postpone(
            generation,
            due_at=Schedule.of(generation).next(generation),
            checks=generation.checks + 1,
            attention=attention,
        )


def _oddity(generation: Generation, task: Task) -> str:
    """What a person should know about an answer that is no verdict."""
    if task.status == "unknown":
        word, account = task.raw_status[:60], generation.account
        notices.raise_once(
            f"status:{account.slug}:{word}",
            subject=f"{account.slug} reports a status that is not known: {word}",
            text=f"The first such job is {generation.public_id}, task {task.task_id}. Jobs with "
            "this status are asked about further; nothing of theirs is charged or released.",
        )
        return f"Unknown status from the provider: {word}"
    if task.status == "succeed":
        return "The provider reports success without a result."
    if timing.is_overdue(generation.submitted_at or generation.created_at):
        return "The provider has been at it for more than a day."
    return ""


@transaction.atomic
def _resume(generation: Generation, task: Task, attention: str) -> None:
    move(
        generation,
        State.PROCESSING,
        reason="found at the provider",
        due_at=Schedule.of(generation).next(generation),
        checks=0,
        task_id=task.task_id,
        submitted_at=generation.submitted_at or generation.created_at,
        attention=attention,
    )


@transaction.atomic
def _doubt(generation: Generation, task: Task, attention: str) -> None:
    move(
        generation,
        State.RECONCILING,
        reason=attention,
        due_at=timing.after(timing.PROBES[0]),
        checks=0,
        attention=attention,
        **taken(generation, task),
    )
