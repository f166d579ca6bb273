"""Taking a task on: faults, validation, the checks of an account, and the record of it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kling import requests
from kling.errors import FieldError, InvalidInput
from kling.media import spots
from kling.operations.base import Operation

from . import words
from .errors import Refusal
from .faults import FaultScript
from .media import recipes
from .plan import Plan
from .routes import Route
from .settings import Settings
from .store import Store
from .tasks import NEVER, QUEUED_PART, Task, delay, kept

PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
# Cloudsway's text-to-video page lists these names and sends the other ones in its example.
CLOUDSWAY_NAMES: Final = {
    "MaaS_KeLing_V2.1_master": "kling-v2-1-master",
    "MaaS_KeLing_V2.5_turbo": "kling-v2-5-turbo",
    "MaaS_KeLing_V2.6": "kling-v2-6",
    "MaaS_KeLing_3.0_video": "kling-v3",
}
LONGEST_RECORD: Final = 20_000


@dataclass(frozen=True, slots=True)
class Submission:
    """A body as it came in: `fields` are the operation's own, without the two of the protocol."""

    route: Route
    raw: bytes
    fields: dict[str, Any]
    external_id: str
    callback_url: str

    @property
    def texts(self) -> tuple[str, ...]:
        return recipes.words(self.fields), self.external_id


def read(route: Route, raw: bytes) -> Submission:
    """Raises Refusal 1200 for a body that is not a JSON object."""
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refusal(1200, "Request body is not valid JSON") from error
    if not isinstance(body, dict):
        raise Refusal(1200, "Request body must be a JSON object")
    return Submission(
        route=route,
        raw=raw,
        external_id=_text(body, "external_task_id"),
        callback_url=_text(body, "callback_url"),
        fields={k: v for k, v in body.items() if k not in ("external_task_id", "callback_url")},
    )


def _text(body: Mapping[str, Any], name: str) -> str:
    """An empty text means none: the providers' own examples send one."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise Refusal(1201, f"{name} value is invalid")


def accept(
    submission: Submission, *, settings: Settings, store: Store, faults: FaultScript
) -> Task:
    """Make the task, or raise the Refusal that the provider would answer with."""
    draft = _draft(submission, settings=settings, faults=faults)

    def check(locked: Store) -> None:
        if settings.unique_external_ids:
            locked.refuse_known(dialect=draft.dialect, external_id=draft.external_id)
        if settings.slots is not None:
            locked.refuse_crowd(draft, slots=settings.slots)

    return store.accept(draft, check=check)


def record(
    submission: Submission, *, store: Store, now: float, outcome: str, task: Task | None = None
) -> None:
    """Every POST leaves a row, also one that a fault swallowed: tests count them."""
    store.record_submission(
        at=now,
        dialect=submission.route.dialect,
        path=submission.route.path,
        external_id=submission.external_id,
        task_id=task.task_id if task else None,
        outcome=outcome,
        body=submission.raw[:LONGEST_RECORD].decode(errors="replace"),
    )


def _draft(submission: Submission, *, settings: Settings, faults: FaultScript) -> Task:
    route, operation = submission.route, submission.route.operation
    try:
        request = requests.parse(operation.name, _plainly_named(submission), dialect=route.dialect)
    except InvalidInput as error:
        raise Refusal(1201, " ".join(map(_named, error.errors))) from error
    fields = kept(dict(request.input))
    plan = _plan(submission, settings=settings, faults=faults)
    now = settings.clock()
    wait = plan.extra_seconds + delay(
        media_kind=operation.media_kind, fields=fields, time_scale=settings.time_scale
    )
    return Task(
        task_id="",
        dialect=route.dialect,
        path=route.path,
        operation=operation.name,
        media_kind=operation.media_kind,
        model=request.model,
        external_id=submission.external_id,
        callback_url=submission.callback_url,
        fields=fields,
        units=str(request.units.amount),
        unit_type=request.units.unit_type,
        slots=request.slots,
        plan=plan,
        created_at=now,
        processing_at=now if _starts_at_once(route) else now + wait * QUEUED_PART,
        ends_at=NEVER if plan.never_ends else now + wait,
    )


def _plainly_named(submission: Submission) -> dict[str, Any]:
    """The fields with Kling's own name of the model, whichever of the two was sent."""
    name = submission.fields.get("model_name")
    if submission.route.dialect != "cloudsway" or not isinstance(name, str):
        return submission.fields
    return submission.fields | {"model_name": CLOUDSWAY_NAMES.get(name, name)}


def _named(error: FieldError) -> str:
    """The message, with the field in front where it does not say which one."""
    return error.message if error.field in error.message else f"{error.field}: {error.message}"


def _starts_at_once(route: Route) -> bool:
    """Cloudsway's text-to-video page shows a create that is answered `processing`."""
    return (route.dialect, route.path) == ("cloudsway", "videos/text2video")


def _plan(submission: Submission, *, settings: Settings, faults: FaultScript) -> Plan:
    """What the prompt's words, the script and the files sent along make of this task."""
    route = submission.route
    plan = words.read(submission.texts[0], time_scale=settings.time_scale)
    for fault in faults.take_all(
        "task", dialect=route.dialect, path=route.path, texts=submission.texts
    ):
        plan = plan.with_change(fault.kind, fault.text_value, time_scale=settings.time_scale)
    if _has_bad_picture(route.operation, submission.fields):
        plan = replace(plan, failure="Image format is invalid")
    return plan


def _has_bad_picture(operation: Operation, fields: Mapping[str, Any]) -> bool:
    """True when a picture sent as Base64 is neither PNG nor JPEG. Addresses are not fetched."""
    for spot in spots(operation.Input, fields):
        if spot.rule is None or spot.rule.kind != "image" or "://" in spot.value[:10]:
            continue
        try:
            start = base64.b64decode(spot.value[:64])
        except (binascii.Error, ValueError):
            return True
        if not start.startswith(PICTURES):
            return True
    return False
