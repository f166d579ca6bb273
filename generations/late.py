"""Jobs that a person ended in the provider's stead: what if the provider delivers after all?

They are FAILED, and nothing was charged. The provider is asked about each for a while, ever more
slowly. A late success is delivered, and charged by an adjustment of what the customer still has,
at most the quote; what cannot be charged any more is the house's loss.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from generations import asking, timing, verdicts
from generations.models import Generation, State
from generations.states import Stale
from kling.errors import KlingError
from kling.tasks import Task

log = logging.getLogger(__name__)

FIRST_LOOK, SLOWEST_LOOK = 60.0, 3600.0  # seconds
ASK_FOR = timedelta(days=3)
BATCH = 8  # one after the other, as long as a query may take: within settings.TASK_TIMEOUT


def first_look() -> datetime:
    return timing.after(FIRST_LOOK)


def due() -> QuerySet[Generation]:
    return Generation.objects.filter(
        state=State.FAILED, late_look_at__lte=timezone.now(), deleted_at__isnull=True
    )


def run() -> int:
    """Ask about each that is due; returns the number of jobs looked at."""
    looked = 0
    for generation in due().select_related("account", "hold").order_by("late_look_at")[:BATCH]:
        if _claim(generation):
            take_in(generation, asking.look(generation))
            looked += 1
    return looked


def _claim(generation: Generation) -> bool:
    """Move its clock on before asking: true for one caller, and again if that one dies."""
    ended = generation.finished_at or generation.created_at
    age = (timezone.now() - ended).total_seconds()
    following = timing.after(min(SLOWEST_LOOK, max(FIRST_LOOK, age)))
    over = timezone.now() > ended + ASK_FOR
    row = due().filter(pk=generation.pk, late_look_at=generation.late_look_at)
    return bool(row.update(late_look_at=None if over else following, checks=F("checks") + 1))


def take_in(generation: Generation, answer: Task | KlingError) -> None:
    """What the provider says of a job that a person has ended; of no other one."""
    if isinstance(answer, KlingError) or generation.late_look_at is None:
        return
    row = Generation.objects.filter(pk=generation.pk)
    if answer.status == "failed":
        row.update(late_look_at=None)
    elif answer.status == "succeed" and answer.outputs:
        log.warning("%s was ended by a person, and has succeeded", generation.public_id)
        try:
            verdicts.succeed(generation, answer)
        except Stale:
            log.info("%s was moved by another worker", generation.public_id)
    else:
        row.filter(task_id="").update(task_id=answer.task_id)  # to be asked about by it
