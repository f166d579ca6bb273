"""Ids of what tasks made, and the way back to the task.

They are near the task's own id, as the real ones are, so no table has to be kept.
"""

from __future__ import annotations

from typing import Final

from kling.media import SourceKind, Spot

from . import outputs
from .errors import Refusal
from .store import Store
from .tasks import Task

DAY: Final = 86_400.0
# A voice or an element stays in the account's library; sessions and files do not
# (protocol, sections 3.4 and 7.7).
LIVES: Final[dict[str, float]] = {"video": 30 * DAY, "audio": 30 * DAY, "session": DAY}
# Ids of this length are made by tasks; Kling's own presets have shorter ones, or letters.
MADE_DIGITS: Final = 18


def made(
    identifier: str, kind: SourceKind, *, dialect: str, store: Store, now: float
) -> Task | None:
    """The task that made what the id names; None where there is none, or none any more."""
    task_id = outputs.task_of(identifier, kind)
    task = store.get(task_id) if task_id else None
    if task is None or task.dialect != dialect or task.status(now) != "succeed":
        return None
    if kind not in outputs.kinds(task) or store.is_deleted(identifier):
        return None
    return task if now < task.ends_at + LIVES.get(kind, float("inf")) else None


def is_preset(spot: Spot) -> bool:
    """Whether the id may be one that the provider offers to everybody."""
    assert spot.source is not None
    is_made = spot.value.isdigit() and len(spot.value) >= MADE_DIGITS
    return spot.source.presets and not is_made


def not_found(kind: SourceKind) -> Refusal:
    return Refusal(1201, f"{kind.capitalize()} id not found")
