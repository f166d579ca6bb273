"""What it means that the provider does not know a task. Never, by itself, that it failed."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from generations import notices, timing
from generations.models import Generation, State
from generations.states import move, postpone
from kling import dialects, operations

log = logging.getLogger(__name__)

MOST_SENT_AGAIN = 3
ASK_THE_PROVIDER = (
    "It is not known whether the provider did this job, and it was given no id by which it could "
    "be asked. Look into its own records, then decide."
)


def not_found(generation: Generation) -> None:
    """The provider says that it does not know the task of a running job."""
    if not can_be_looked_for(generation):
        _tell(generation)
        _look_later(generation, timing.SLOW_PROBE, attention=ASK_THE_PROVIDER)
    elif generation.task_id:
        _keep_asking(generation, "The provider does not know the task that it accepted.")
    elif generation.checks + 1 < len(timing.PROBES) or not _grace_is_over(generation):
        _probe_again(generation)
    elif _proves_absence(generation) and not _was_sent_enough(generation):
        _send_again(generation)
    else:
        _tell(generation)
        _keep_asking(
            generation,
            "It is not known whether the provider accepted this job. Look for the external task "
            f"id {generation.external_task_id} at the provider, then decide.",
        )


def can_be_looked_for(generation: Generation) -> bool:
    """Whether the provider can be asked about the job at all: by its id for it, or by ours."""
    dialects_with_ids = operations.get(generation.operation).external_ids_on
    return bool(generation.task_id) or generation.account.dialect in dialects_with_ids


def _grace_is_over(generation: Generation) -> bool:
    """Probes are counted, but callbacks and people make them come early: time decides."""
    doubted = generation.transitions.filter(now=State.RECONCILING).latest("pk")
    grace = timedelta(seconds=timing.GRACE * settings.TIMER_SCALE)
    return timezone.now() >= doubted.at + grace


def _proves_absence(generation: Generation) -> bool:
    """Whether "not found" by our id means "never accepted": only where that query is documented."""
    dialect = dialects.get(generation.account.dialect)
    return dialect.finds_by_external_id(generation.operation)


def _was_sent_enough(generation: Generation) -> bool:
    """A provider that refuses the id as taken, and then does not find it, would go on for ever."""
    again = generation.transitions.filter(was=State.RECONCILING, now=State.QUEUED)
    return again.count() >= MOST_SENT_AGAIN


def _tell(generation: Generation) -> None:
    """One mail a day for each account: after an outage there may be hundreds of such jobs."""
    account = generation.account
    notices.raise_once(
        f"parked:{account.slug}:{timezone.now():%Y-%m-%d}",
        subject=f"Jobs at {account.slug} wait for a decision of yours",
        text="Whether the provider accepted them is not known, and it cannot tell. The first is "
        f"{generation.public_id}, external task id {generation.external_task_id}. Their credits "
        "stay held until they are found, or until you decide.",
    )


def _probe_again(generation: Generation) -> None:
    number = min(generation.checks + 1, len(timing.PROBES) - 1)
    _look_later(generation, timing.PROBES[number], attention="")


def _keep_asking(generation: Generation, attention: str) -> None:
    """The hold stays: only the provider's word, or a person's, moves the money."""
    if generation.attention != attention:
        log.warning("%s: %s", generation.public_id, attention)
    seconds = min(timing.SLOW_PROBE, 5.0 * 2 ** min(generation.checks, 8))
    notice = attention if generation.checks >= len(timing.PROBES) - 1 else ""
    _look_later(generation, seconds, attention=notice)


def _look_later(generation: Generation, seconds: float, *, attention: str) -> None:
    postpone(
        generation,
        due_at=timing.after(seconds),
        checks=generation.checks + 1,
        attention=attention[:300],
    )


@transaction.atomic(durable=True)
def _send_again(generation: Generation) -> None:
    """Past the grace period and unknown to the provider: safe, under the same external id."""
    move(generation, State.QUEUED, reason="the provider does not know it; sending again")
