"""Taking a task on: faults, validation, the checks of an account, and the record of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kling.errors import FieldError, InvalidInput
from kling.media import Media
from kling.requests import Request

from . import gathering, reading, words
from .errors import Refusal
from .faults import FaultScript
from .judging import judged
from .media import recipes
from .plan import Plan
from .routes import Route
from .settings import Settings
from .shelf import Shelf
from .store import Store
from .tasks import NEVER, QUEUED_PART, Task, delay

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
    submission: Submission,
    *,
    settings: Settings,
    store: Store,
    shelf: Shelf,
    faults: FaultScript,
) -> Task:
    """Make the task, or raise the Refusal that the provider would answer with."""
    draft = _draft(submission, settings=settings, store=store, shelf=shelf, faults=faults)

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


def _draft(
    submission: Submission,
    *,
    settings: Settings,
    store: Store,
    shelf: Shelf,
    faults: FaultScript,
) -> Task:
    route, operation = submission.route, submission.route.operation
    fields = reading.understood(route, submission.fields, store=store, now=settings.clock())
    gathered = gathering.gather(
        operation, fields, dialect=route.dialect, settings=settings, store=store
    )
    request = _parsed(submission, fields, gathered.media())
    if gathered.refusal is not None:
        raise gathered.refusal
    plan = _plan(submission, settings=settings, faults=faults)
    fields, materials = gathering.shelve(gathered, request.input, shelf)
    now = settings.clock()
    begins, ends = _times(submission, fields, plan, now=now, settings=settings)
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
        processing_at=begins,
        ends_at=ends,
        materials=materials,
    )


def _parsed(
    submission: Submission, fields: Mapping[str, Any], media: Mapping[str, Media]
) -> Request:
    route = submission.route
    try:
        request = judged(route.operation, fields, dialect=route.dialect, media=media)
    except InvalidInput as error:
        raise Refusal(1201, " ".join(map(_named, error.errors))) from error
    if request.step is not None:
        # On the wire it is a call of its own, which gives what the body lacks.
        raise Refusal(1201, f"{request.step.operation.name} has to be called before")
    return request


def _times(
    submission: Submission,
    fields: dict[str, Any],
    plan: Plan,
    *,
    now: float,
    settings: Settings,
) -> tuple[float, float]:
    """When it is processed, and when it ends. A synchronous one has its result at once."""
    route = submission.route
    if route.operation.synchronous:
        return now, NEVER if plan.never_ends else now
    wait = plan.extra_seconds + delay(
        media_kind=route.operation.media_kind, fields=fields, time_scale=settings.time_scale
    )
    begins = now if _starts_at_once(route) else now + wait * QUEUED_PART
    return begins, NEVER if plan.never_ends else now + wait


def _named(error: FieldError) -> str:
    """The message, with the field in front where it does not say which one."""
    return error.message if error.field in error.message else f"{error.field}: {error.message}"


def _starts_at_once(route: Route) -> bool:
    """Cloudsway's text-to-video page shows a create that is answered `processing`."""
    return (route.dialect, route.path) == ("cloudsway", "videos/text2video")


def _plan(submission: Submission, *, settings: Settings, faults: FaultScript) -> Plan:
    """What the words of the request and the script make of this task."""
    route = submission.route
    plan = words.read(submission.texts[0], time_scale=settings.time_scale)
    for fault in faults.take_all(
        "task", dialect=route.dialect, path=route.path, texts=submission.texts
    ):
        plan = plan.with_change(fault.kind, fault.text_value, time_scale=settings.time_scale)
    return plan
