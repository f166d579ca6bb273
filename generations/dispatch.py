"""From QUEUED to the provider: fair, within the free slots, written ahead, exactly once."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

import kling.errors
from generations import providers, timing, verdicts
from generations.models import Generation, State
from generations.states import OCCUPYING, Stale, move
from kling import operations
from kling.catalogue import CatalogueError
from kling.errors import KlingError
from kling.requests import Request, parse
from kling.tasks import Task
from worker.leases import lease

log = logging.getLogger(__name__)

BATCH = 16  # submissions at the same time, by one dispatcher
LEASE_NAME, LEASE_SECONDS = "dispatch", 120.0


@dataclass(frozen=True)
class Submission:
    generation: Generation
    request: Request
    callback_url: str | None


def run() -> int:
    """Submit all that is due and has a free slot; returns how many were sent.

    One dispatcher at a time counts slots rightly. Whoever finds another at work leaves at once,
    so after giving the lease back we look again: a job that was created in between has no
    other doorbell.
    """
    sent = 0
    while due().exists():
        with lease(LEASE_NAME, LEASE_SECONDS) as held:
            if not held:
                break
            batch = _claim_batch()
            sent += _send_all(batch)
        if not batch:
            break
    return sent


def due() -> QuerySet[Generation]:
    return Generation.objects.filter(
        state=State.QUEUED,
        due_at__lte=timezone.now(),
        account__enabled=True,
        account__paused_at=None,
    )


def _claim_batch() -> list[Submission]:
    free = _FreeSlots()
    batch: list[Submission] = []
    for generation in _fairly(due())[: 4 * BATCH]:
        if len(batch) >= BATCH:
            break
        if not free.take(generation):
            continue
        if submission := _claim(generation):
            batch.append(submission)
    return batch


def _fairly(queued: QuerySet[Generation]) -> QuerySet[Generation]:
    """Everybody's first job before anybody's second: a bulk upload must not block the others."""
    place = Window(RowNumber(), partition_by=[F("workspace")], order_by=["pk"])
    return queued.select_related("account", "hold").annotate(place=place).order_by("place", "pk")


class _FreeSlots:
    """Parallel tasks that each account and model has left; an image job of n takes n."""

    def __init__(self) -> None:
        rows = (
            Generation.objects.filter(state__in=OCCUPYING)
            .values_list("account", "model")
            .annotate(taken=Sum("slots"))
        )
        self.taken: Counter[tuple[int, str]] = Counter(
            {(account, model): taken for account, model, taken in rows}
        )

    def take(self, generation: Generation) -> bool:
        limit = generation.account.parallel_tasks
        place = (generation.account_id, generation.model)
        # A job larger than the limit itself may run when it is alone, or it never would.
        taken = self.taken[place]
        if limit is not None and taken and taken + generation.slots > limit:
            return False
        self.taken[place] += generation.slots
        return True


def _claim(generation: Generation) -> Submission | None:
    """Write down that we are about to call, before the call: a crash after it must be seen."""
    try:
        request = parse(
            generation.operation,
            generation.input,
            dialect=generation.account.dialect,
            today=generation.created_at.date(),
        )
        with transaction.atomic(durable=True):
            move(
                generation,
                State.SUBMITTING,
                reason=f"submitting to {generation.account.slug}",
                due_at=timing.lease(timing.SUBMIT_LEASE),
                attempts=generation.attempts + 1,
                submitted_at=timezone.now(),
            )
    except Stale:
        return None
    except (kling.errors.InvalidInput, CatalogueError) as exc:
        # The catalogue changed under a waiting job.
        verdicts.fail(generation, code="invalid_input", message=str(exc))
        return None
    url = providers.callback_url(generation.account, generation.callback_token)
    return Submission(generation, request, url)


def _send_all(batch: list[Submission]) -> int:
    if not batch:
        return 0
    with ThreadPoolExecutor(max_workers=len(batch)) as pool:
        # Only HTTP in the threads: each would otherwise open a database connection of its own.
        outcomes = pool.map(_send, batch)
        for submission, outcome in zip(batch, outcomes, strict=True):
            _record(submission.generation, outcome)
    return len(batch)


def _send(submission: Submission) -> Task | KlingError:
    generation = submission.generation
    try:
        return providers.client_for(generation.account).submit(
            submission.request,
            external_task_id=generation.external_task_id,
            callback_url=submission.callback_url,
        )
    except KlingError as exc:
        return exc


def _record(generation: Generation, outcome: Task | KlingError) -> None:
    try:
        if isinstance(outcome, Task):
            _accepted(generation, outcome)
        elif outcome.maybe_accepted:
            _doubt(generation, outcome)
        elif outcome.retryable:
            _requeue(generation, outcome)
        elif isinstance(outcome, kling.errors.AccountExhausted | kling.errors.AuthenticationFailed):
            providers.pause(generation.account, str(outcome))
            _requeue(generation, outcome)
        else:
            verdicts.fail(generation, code=_code(outcome), message=outcome.message)
    except Stale:
        log.warning("%s moved while it was being submitted", generation.public_id)


@transaction.atomic(durable=True)
def _accepted(generation: Generation, task: Task) -> None:
    first = timing.FIRST_LOOK[_media_kind(generation)]
    move(
        generation,
        State.PROCESSING,
        reason="accepted by the provider",
        due_at=timing.after(first),
        task_id=task.task_id,
        checks=0,
        attention="",
    )


@transaction.atomic(durable=True)
def _doubt(generation: Generation, error: KlingError) -> None:
    """It may be running and may be charged: never sent again before the provider was asked."""
    move(
        generation,
        State.RECONCILING,
        reason=f"no clear answer: {error}",
        due_at=timing.after(timing.PROBES[0]),
        checks=0,
    )


@transaction.atomic(durable=True)
def _requeue(generation: Generation, error: KlingError) -> None:
    """Surely not accepted: back into the queue under the same external id."""
    wait = error.retry_after or timing.backoff(generation.attempts)
    if isinstance(error, kling.errors.Maintenance):
        wait = max(wait, 60.0)
    move(
        generation,
        State.QUEUED,
        reason=f"not accepted: {error}",
        due_at=timing.after(wait),
    )


def interrupted() -> QuerySet[Generation]:
    """Jobs whose submitter died: whether the provider got them is unknown, so it is asked."""
    return Generation.objects.filter(state=State.SUBMITTING, due_at__lte=timezone.now())


def recover_interrupted() -> int:
    return sum(_recover(generation) for generation in interrupted()[:500])


def _recover(generation: Generation) -> int:
    try:
        with transaction.atomic(durable=True):
            move(
                generation,
                State.RECONCILING,
                reason="the submission was interrupted",
                due_at=timezone.now(),
                checks=0,
            )
    except Stale:
        return 0
    return 1


def _media_kind(generation: Generation) -> str:
    return operations.get(generation.operation).media_kind


def _code(error: KlingError) -> str:
    return "content_policy" if isinstance(error, kling.errors.ContentPolicy) else "rejected"
