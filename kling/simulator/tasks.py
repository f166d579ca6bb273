"""One accepted task. Its status follows from the clock alone, so nothing has to be running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from kling import operations
from kling.media import Media

from .materials import Material
from .media import recipes
from .plan import AS_COMPUTED, Plan

Status = Literal["submitted", "processing", "succeed", "failed"]

# A year that no test or demo reaches; NULL would need a case of its own in every query.
NEVER: Final = 32_503_680_000.0

SECONDS: Final[dict[str, float]] = {"audio": 3.0, "image": 4.0, "video": 6.0}
VIDEO_SECONDS: Final[dict[str, float]] = {"std": 6.0, "pro": 9.0, "4k": 12.0}
# The part of the delay that a task waits as `submitted`.
QUEUED_PART: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Times in epoch seconds. `units` is the right deduction; `plan` may say otherwise.

    Where the units follow a file, and where a file is bad, that is known only when it has been
    looked into (`inspection`): `units`, `plan` and `materials` change then, and nothing else ever.
    """

    task_id: str
    dialect: str
    path: str
    operation: str
    media_kind: str
    model: str
    external_id: str
    callback_url: str
    fields: dict[str, Any]
    units: str
    unit_type: str
    slots: int
    plan: Plan
    created_at: float
    processing_at: float
    ends_at: float
    materials: tuple[Material, ...] = ()

    def status(self, now: float) -> Status:
        if now < self.processing_at:
            return "submitted"
        if now < self.ends_at or self.waiting:
            return "processing"
        return "failed" if self.plan.failure is not None else "succeed"

    def changed_at(self, now: float) -> float:
        """When the status of `now` began."""
        if now < self.processing_at:
            return self.created_at
        return self.processing_at if now < self.ends_at else self.ends_at

    def visible(self, now: float) -> bool:
        return now >= self.created_at + self.plan.hidden_seconds

    @property
    def synchronous(self) -> bool:
        """Whether the answer to the create call has the result already."""
        return operations.get(self.operation).synchronous

    @property
    def waiting(self) -> bool:
        """True while a file of the request has not been looked into."""
        return any(material.unseen for material in self.materials)

    @property
    def media(self) -> Mapping[str, Media]:
        """What is known of the files, by their path in the input."""
        return {one.path: one.media for one in self.materials if one.media is not None}

    @property
    def deduction(self) -> str | None:
        """`final_unit_deduction` of the finished task; a failed one is never charged."""
        if self.plan.deduction != AS_COMPUTED:
            return self.plan.deduction
        return "0" if self.plan.failure is not None else self.units

    @property
    def watermarked(self) -> bool:
        wanted = self.fields.get("watermark_info")
        return isinstance(wanted, dict) and wanted.get("enabled") is True

    @property
    def words(self) -> str:
        return recipes.words(self.fields)


def delay(*, media_kind: str, fields: dict[str, Any], time_scale: float) -> float:
    """Seconds from acceptance to result: short enough for a demo, long enough to be seen."""
    seconds = SECONDS.get(media_kind, 6.0)
    if media_kind == "video":
        seconds = VIDEO_SECONDS.get(str(fields.get("mode")), seconds)
    return seconds * time_scale
