"""Ask providers about running jobs that are due, in batches; take in what they say."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from time import monotonic

from django.db.models import QuerySet
from django.utils import timezone

import kling.errors
from generations import absence, providers, timing, verdicts
from generations.models import Generation, State
from generations.states import Stale, postpone
from kling import operations
from kling.errors import KlingError
from kling.tasks import Task
from worker.leases import lease

log = logging.getLogger(__name__)

BATCH, THREADS = 100, 16
# Of claiming only: a worker that is killed while it asks must not keep the others from asking.
LEASE_NAME, LEASE_SECONDS = "refresh", 30.0
LONGEST_RUN = 20.0  # seconds in which queries begin; then the worker process is free for others
SET_ASIDE = 300.0


def run() -> int:
    """Look at everything that is due; returns the number of jobs looked at."""
    looked, end = 0, monotonic() + LONGEST_RUN
    while monotonic() < end and (batch := _claim_batch()):
        looked += _look_at(batch, end=end)
    return looked


def due() -> QuerySet[Generation]:
    return Generation.objects.filter(
        state__in=[State.PROCESSING, State.RECONCILING], due_at__lte=timezone.now()
    )


def wake(generation: Generation) -> None:
    """Make a running job due now: somebody says that it has changed. Nothing else is believed."""
    Generation.objects.filter(
        pk=generation.pk, state__in=[State.PROCESSING, State.RECONCILING]
    ).update(due_at=timezone.now())


def _claim_batch() -> list[Generation]:
    """Take due jobs for as long as a query may last: a dead worker's come back by themselves."""
    with lease(LEASE_NAME, LEASE_SECONDS) as held:
        if not held:
            return []
        # Without the inputs: they are not needed, and a hundred of them may have a gigabyte.
        rows = due().select_related("account", "hold").defer("input")
        batch = list(rows.order_by("due_at")[:BATCH])
        until = timing.lease(timing.QUERY_LEASE)
        Generation.objects.filter(
            pk__in=[generation.pk for generation in batch],
            state__in=[State.PROCESSING, State.RECONCILING],
        ).update(due_at=until)
    for generation in batch:
        generation.due_at = until
    return batch


def _look_at(batch: list[Generation], *, end: float) -> int:
    """Ask about each, taking in every answer when it comes; after `end` no more queries begin."""
    with ThreadPoolExecutor(max_workers=min(THREADS, len(batch))) as pool:
        # Only HTTP in the threads: each would otherwise open a database connection of its own.
        asked = {pool.submit(look, generation): generation for generation in batch}
        for future in as_completed(asked):
            if future.cancelled():
                postpone(asked[future], due_at=timezone.now())
                continue
            _take_in(asked[future], future)
            if monotonic() > end:
                for waiting in asked:
                    waiting.cancel()
    return len(batch)


def look(generation: Generation) -> Task | KlingError:
    """What the provider says about the job now: by its task id, or by ours if we have none."""
    if not absence.can_be_looked_for(generation):
        return kling.errors.TaskNotFound("It was answered at once, or not at all.")
    try:
        client = providers.client_for(generation.account)
        path = operations.get(generation.operation).path
        if generation.task_id:
            return client.get(path, generation.task_id)
        return client.get_by_external_id(path, generation.external_task_id)
    except KlingError as exc:
        return exc


def _take_in(generation: Generation, answer: Future[Task | KlingError]) -> None:
    try:
        _apply(generation, answer.result())
    except Stale:
        log.info("%s was moved by another worker", generation.public_id)
    except Exception as exc:
        # A fault of ours with one job: the others go on, and the operator is told.
        log.exception("%s cannot be asked about", generation.public_id)
        notice = f"The answer cannot be taken in: {type(exc).__name__}, see the log."
        postpone(generation, due_at=timing.after(SET_ASIDE), attention=notice)


def _apply(generation: Generation, answer: Task | KlingError) -> None:
    if isinstance(answer, Task):
        verdicts.apply(generation, answer)
    elif isinstance(answer, kling.errors.TaskNotFound):
        absence.not_found(generation)
    else:
        _later(generation, answer)


def _later(generation: Generation, error: KlingError) -> None:
    """No answer is no verdict: ask again, ever more slowly. What is wrong with the account is
    named to the operator, and stops new jobs, as it does when one is sent.
    """
    if isinstance(error, providers.ACCOUNT_TROUBLE) and not error.retryable:
        providers.pause(generation.account, str(error))
    wait = max(timing.backoff(generation.checks, first=2.0), error.retry_after or 0.0)
    postpone(
        generation,
        due_at=timing.after(wait),
        checks=generation.checks + 1,
        attention=f"The provider cannot be asked: {error}"[:300] if generation.checks >= 5 else "",
    )
