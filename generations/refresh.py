"""Ask providers about running jobs that are due, in batches; take in what they say."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from django.db.models import QuerySet
from django.utils import timezone

import kling.errors
from generations import absence, providers, timing, verdicts
from generations.models import Generation, State
from generations.states import Stale
from kling import operations
from kling.errors import KlingError
from kling.tasks import Task
from worker.leases import lease

log = logging.getLogger(__name__)

BATCH, THREADS = 100, 16
LEASE_NAME, LEASE_SECONDS = "refresh", 120.0
LONGEST_RUN = 20.0  # seconds; then the worker process is free for other work


def run() -> int:
    """Look at everything that is due; returns the number of jobs looked at."""
    looked, end = 0, monotonic() + LONGEST_RUN
    with lease(LEASE_NAME, LEASE_SECONDS) as held:
        while held and monotonic() < end and (batch := _claim_batch()):
            looked += _look_at(batch)
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
    batch = list(due().select_related("account", "hold").order_by("due_at")[:BATCH])
    until = timing.lease(timing.QUERY_LEASE)
    Generation.objects.filter(
        pk__in=[generation.pk for generation in batch],
        state__in=[State.PROCESSING, State.RECONCILING],
    ).update(due_at=until)
    return batch


def _look_at(batch: list[Generation]) -> int:
    with ThreadPoolExecutor(max_workers=min(THREADS, len(batch))) as pool:
        # Only HTTP in the threads: each would otherwise open a database connection of its own.
        for generation, answer in zip(batch, pool.map(look, batch), strict=True):
            _take_in(generation, answer)
    return len(batch)


def look(generation: Generation) -> Task | KlingError:
    """What the provider says about the job now: by its task id, or by ours if we have none."""
    client = providers.client_for(generation.account)
    path = operations.get(generation.operation).path
    try:
        if generation.task_id:
            return client.get(path, generation.task_id)
        return client.get_by_external_id(path, generation.external_task_id)
    except KlingError as exc:
        return exc


def _take_in(generation: Generation, answer: Task | KlingError) -> None:
    try:
        if isinstance(answer, Task):
            verdicts.apply(generation, answer)
        elif isinstance(answer, kling.errors.TaskNotFound):
            absence.not_found(generation)
        else:
            _later(generation, answer)
    except Stale:
        log.info("%s was moved by another worker", generation.public_id)


def _later(generation: Generation, error: KlingError) -> None:
    """No answer is no verdict: ask again, ever more slowly; name a refused key to the operator."""
    if isinstance(error, kling.errors.AuthenticationFailed) and not error.retryable:
        providers.pause(generation.account, str(error))
    wait = max(timing.backoff(generation.checks, first=2.0), error.retry_after or 0.0)
    Generation.objects.filter(pk=generation.pk, state=generation.state).update(
        due_at=timing.after(wait),
        checks=generation.checks + 1,
        attention=f"The provider cannot be asked: {error}"[:300] if generation.checks >= 5 else "",
    )
