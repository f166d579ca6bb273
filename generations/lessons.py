"""What verdicts teach: how long jobs take, and whether callbacks come.

Taken in many at a time and outside of the verdicts' transactions: no money waits for it. With a
worker that is killed the lessons of a moment are lost, which is nothing to what is learnt.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

from django.db import DatabaseError

from generations import callback_health, durations
from generations.models import Generation, State
from kling.tasks import Task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lesson:
    """`seconds`: how long the job took, where it tells."""

    generation: Generation
    seconds: float | None


def of(generation: Generation, task: Task, *, was: str) -> list[Lesson]:
    """What is learnt from an answer that found the job in state `was`: one lesson or none."""
    if generation.state not in (State.STORING, State.FAILED):
        return []
    # What was found late would tell of our waiting.
    in_time = (was, generation.state) == (State.PROCESSING, State.STORING)
    return [Lesson(generation, durations.taken(generation, task) if in_time else None)]


def take_in(lessons: Collection[Lesson]) -> None:
    """Outside of any transaction. What cannot be taken in is lost, and stops nobody."""
    if not lessons:
        return
    try:
        durations.learn([(one.generation, one.seconds) for one in lessons if one.seconds])
        callback_health.judge([one.generation for one in lessons])
    except DatabaseError as exc:
        log.warning("what %s verdicts teach is lost: %s", len(lessons), exc)
