"""From QUEUED to the provider: fair, within the free slots, written ahead, exactly once."""

from __future__ import annotations

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

import kling.errors
from generations import absence, inputs, late, lessons, pools, providers, slots, timing, verdicts
from generations.events import announce_running
from generations.models import Generation, State
from generations.states import Stale, move
from kling.catalogue import CatalogueError
from kling.errors import KlingError
from kling.requests import Request, parse
from kling.tasks import Task
from worker.leases import lease

log = logging.getLogger(__name__)

AT_ONCE = 16  # submissions at the same time, by one dispatcher
# Of counting slots and claiming jobs. Submitting needs no lease: each job is claimed by itself.
LEASE_NAME, LEASE_SECONDS = "dispatch", 30.0
# With the longest call after it still within settings.TASK_TIMEOUT: the queue ends a task then,
# and every job that it was submitting would be in doubt.
LONGEST_RUN = 60.0
LOOK_AGAIN = 0.5
SET_ASIDE = 300.0


@dataclass(frozen=True)
class Submission:
    generation: Generation
    request: Request
    callback_url: str | None
    sent: inputs.Sent


def run(*, seconds: float = LONGEST_RUN) -> int:
    """Submit what is due and has a free slot, beginning for `seconds`; returns how many were sent.

    Each answer is recorded when it comes, and its place given to the next job: a provider that
    does not answer holds up nobody else's.
    """
    sent, end = 0, monotonic() + seconds
    running: dict[Future[Task | KlingError], Generation] = {}
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        claimed = _claim_batch(AT_ONCE)
        while claimed or running:
            # Only HTTP in the threads: each would otherwise open a database connection of its own.
            running |= {pool.submit(_send, one): one.generation for one in claimed}
            done, _ = wait(running, timeout=LOOK_AGAIN, return_when=FIRST_COMPLETED)
            for future in done:
                _record(running.pop(future), future.result())
            sent += len(done)
            claimed = _claim_batch(AT_ONCE - len(running)) if monotonic() < end else []
    return sent


def due() -> QuerySet[Generation]:
    return slots.sendable().filter(slots.AT_A_USABLE_ACCOUNT)


def _claim_batch(most: int) -> list[Submission]:
    """One dispatcher at a time counts slots rightly; whoever finds another at it takes nothing."""
    if not most or not due().exists():
        return []
    with lease(LEASE_NAME, LEASE_SECONDS) as held:
        if not held:
            return []
        turns, claimed = slots.Turns(), list[Submission]()
        while len(claimed) < most and (pk := turns.next()) is not None:
            if submission := _claim(pk):
                claimed.append(submission)
        turns.save()
        return claimed


def _claim(pk: int) -> Submission | None:
    """Write down that we are about to call, before the call: a crash after it must be seen."""
    # Asked again: an account that was paused since the turn was read gets nothing more.
    queued = due().filter(pk=pk)
    generation = queued.select_related("account", "hold", "workspace").first()
    if generation is None:
        return None
    try:
        request = _parse(generation)
        sent = inputs.sent(generation, request)
        _begin(generation)
    except (kling.errors.InvalidInput, CatalogueError, inputs.CannotBeSent) as exc:
        # The catalogue changed under a waiting job, or a file of its input is gone.
        _refuse(generation, str(exc))
    except Stale:
        pass
    except Exception as exc:
        log.exception("%s cannot be sent", generation.public_id)
        _set_aside(generation, exc)
    else:
        url = providers.callback_url(generation.account, generation.callback_token)
        return Submission(generation, request, url, sent)
    return None


def _parse(generation: Generation) -> Request:
    return parse(
        generation.operation,
        generation.input,
        dialect=generation.account.dialect,
        media=inputs.media_of(generation),
        # The job's own, however the operator prices it by now: its price was frozen with it.
        rates={generation.operation: generation.units},
        today=generation.created_at.date(),
    )


@transaction.atomic(durable=True)
def _begin(generation: Generation) -> None:
    move(
        generation,
        State.SUBMITTING,
        reason=f"submitting to {generation.account.slug}",
        due_at=timing.lease(timing.SUBMIT_LEASE),
        same_account=True,
        attempts=generation.attempts + 1,
        submitted_at=timezone.now(),
    )


def _refuse(generation: Generation, message: str) -> None:
    try:
        verdicts.fail(generation, code="invalid_input", message=message)
    except Stale:
        log.info("%s was canceled meanwhile", generation.public_id)


def _set_aside(generation: Generation, error: Exception) -> None:
    """A fault of ours with one job: the others go on, and the operator is told."""
    Generation.objects.filter(pk=generation.pk, state=State.QUEUED).update(
        due_at=timing.after(SET_ASIDE),
        attention=f"It cannot be sent: {type(error).__name__}, see the log.",
    )


def _send(submission: Submission) -> Task | KlingError:
    generation = submission.generation
    try:
        return providers.client_for(generation.account).submit(
            submission.request,
            external_task_id=generation.external_task_id,
            callback_url=submission.callback_url,
            files=submission.sent.files,
            ids=submission.sent.ids,
        )
    except KlingError as exc:
        return exc
    except Exception as exc:
        # Whether it happened before or after the call, nobody can say here.
        log.exception("%s: the submission failed", generation.public_id)
        return kling.errors.MaybeAccepted(f"{type(exc).__name__} while submitting.")


def _record(generation: Generation, outcome: Task | KlingError) -> None:
    try:
        try:
            _take_in(generation, outcome)
            providers.note_health(generation.account, outcome)
        except Stale:
            _take_in_late(generation, outcome)
    except Stale:
        log.info("%s was moved by another worker", generation.public_id)
    except Exception:
        # It stays SUBMITTING, and is asked about when its lease is over.
        log.exception("the answer for %s cannot be recorded", generation.public_id)


def _take_in(generation: Generation, outcome: Task | KlingError) -> None:
    if isinstance(outcome, Task):
        verdicts.accept(generation, outcome)
        lessons.take_in(lessons.of(generation, outcome, was=State.PROCESSING))
    elif outcome.maybe_accepted:
        _doubt(generation, outcome)
    elif isinstance(outcome, kling.errors.TooManyTasks):
        # The place is closed until one may be free; the job keeps its turn.
        pools.note_full(generation)
        _requeue(generation, outcome, wait=outcome.retry_after or 0.0)
    elif outcome.retryable:
        _requeue(generation, outcome, wait=_wait(generation, outcome))
    elif isinstance(outcome, providers.ACCOUNT_TROUBLE):
        providers.pause(generation.account, str(outcome))
        # At once, to another account if there is one (takeover).
        _requeue(generation, outcome, wait=0)
    else:
        lost = _lost_units(generation, outcome)
        verdicts.fail(generation, code=_code(outcome), message=outcome.message, lost_units=lost)


def _take_in_late(generation: Generation, outcome: Task | KlingError) -> None:
    """The lease ended first, and the job is in doubt, or a person has ended it by now.

    What the provider says of this very attempt holds all the same; and where a job is answered at
    once, or has no id to be found by, nobody could ask for it again. Raises Stale.
    """
    log.warning("%s moved while it was being submitted", generation.public_id)
    same = Generation.objects.filter(pk=generation.pk, attempts=generation.attempts, task_id="")
    found = same.select_related("account", "hold").first()
    if found is None or (isinstance(outcome, KlingError) and outcome.maybe_accepted):
        return
    if found.state == State.RECONCILING:
        _take_in(found, outcome)
    elif found.state == State.FAILED and isinstance(outcome, Task):
        late.take_in(found, outcome)


@transaction.atomic(durable=True)
def _doubt(generation: Generation, error: KlingError) -> None:
    """It may be running and may be charged: never sent again before the provider was asked."""
    move(
        generation,
        State.RECONCILING,
        reason=f"no clear answer: {error}",
        due_at=timing.after(timing.PROBES[0]),
        checks=0,
        attention="" if absence.can_be_looked_for(generation) else absence.ASK_THE_PROVIDER,
    )
    announce_running(generation)


@transaction.atomic(durable=True)
def _requeue(generation: Generation, error: KlingError, *, wait: float) -> None:
    """Surely not accepted: back into the queue under the same external id."""
    move(
        generation,
        State.QUEUED,
        reason=f"not accepted: {error}",
        due_at=timing.after(wait),
        lost_units=_lost_units(generation, error),
    )


def _lost_units(generation: Generation, error: KlingError) -> Decimal:
    """With those of the step that was done for nothing just now."""
    step = generation.step_units if error.step_was_done else Decimal(0)
    return generation.lost_units + step


def _wait(generation: Generation, error: KlingError) -> float:
    wait = error.retry_after or timing.backoff(generation.attempts)
    return max(wait, 60.0) if isinstance(error, kling.errors.Maintenance) else wait


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
            announce_running(generation)
    except Stale:
        return 0
    return 1


def _code(error: KlingError) -> str:
    return "content_policy" if isinstance(error, kling.errors.ContentPolicy) else "rejected"
