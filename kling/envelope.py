"""Any answer of any dialect → a Task, or the package's own error.

Seen and understood: Kling's native envelope, the wrapper that relays put around it, relays with
words and shapes of their own, bare callbacks, lists of one, errors nested twice, and JSON with
the wrong type anywhere (protocol, sections 4.3, 5.2 and 8.3).
"""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from kling.complaints import (
    Answer,
    code_of,
    complaint,
    foreign_error,
    is_ok,
    message_of,
    nested_error,
    request_id_of,
    unparsable,
)
from kling.errors import Unparsable
from kling.faces import faces_task
from kling.outputs import identifier, outputs_of, text_of
from kling.tasks import Status, Task, deduction, failure_kind
from kling.verdicts import by_http

__all__ = [
    "Answer",
    "Task",
    "decode",
    "deduction",
    "failure_kind",
    "parse_data",
    "parse_task",
    "parse_tasks",
]

MAX_WRAPPERS = 4  # how many times "data" may stand inside "data"
MAX_DEPTH = 60  # of a JSON body; deeper ones are an attack, not an answer

_STATUSES: dict[str, Status] = {
    **dict.fromkeys(("submitted", "queued", "not_start"), "submitted"),
    **dict.fromkeys(("processing", "in_progress"), "processing"),
    **dict.fromkeys(("succeed", "succeeded", "success", "completed"), "succeed"),
    **dict.fromkeys(("failed", "failure"), "failed"),
}


def decode(raw: bytes, *, http_status: int = 200) -> Any:
    """Bytes → JSON that a database can store. Raises by HTTP status, else Unparsable."""
    try:
        return _storable(json.loads(raw, parse_constant=lambda _: None), MAX_DEPTH)
    except (ValueError, RecursionError) as exc:
        # A proxy's page: 401, 403 and 429 stop a request before it is taken; all else is doubt.
        kind = by_http(http_status) if http_status in (401, 403, 429) else Unparsable
        looks = "HTML" if raw.lstrip()[:1] == b"<" else "no JSON"
        message = f"The answer is {looks}, not a task."
        raise kind(message, http_status=http_status) from exc


def _storable(node: Any, depth: int) -> Any:
    """PostgreSQL's jsonb takes no NUL, no half surrogate and no infinity."""
    if depth == 0:
        raise ValueError("nested too deeply")
    if isinstance(node, str):
        return node.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(node, float) and node in (float("inf"), float("-inf")):
        return None
    if isinstance(node, list):
        return [_storable(item, depth - 1) for item in node]
    if isinstance(node, dict):
        return {_storable(key, 1): _storable(item, depth - 1) for key, item in node.items()}
    return node


def parse_task(answer: Answer) -> Task:
    """The task in an answer to a submit or a single query. Raises KlingError."""
    body = _checked(answer)
    outer, inner = _find(body, answer.asked)
    if outer is None and inner is None:
        return _unwrapped(answer, body)
    task = _task(body, outer, inner, answer)
    if not task.task_id:
        raise unparsable(answer, "The answer names no task.")
    return task


def parse_tasks(answer: Answer) -> tuple[Task, ...]:
    """The tasks of a list query; entries that are no tasks are left out. Raises KlingError."""
    body = _checked(answer)
    rows = body.get("data")
    if not isinstance(rows, list):
        raise unparsable(answer, "The answer holds no list of tasks.")
    whole = Answer(None, answer.http_status, request_id_of(body, answer))
    found = ((row, *_find(row, None)) for row in rows if isinstance(row, dict))
    tasks = (_task(row, outer, inner, whole) for row, outer, inner in found if outer or inner)
    return tuple(task for task in tasks if task.task_id)


def parse_data(answer: Answer) -> dict[str, Any]:
    """``data`` of an answer that is no task, such as the account's costs. Raises KlingError.

    That one has a second ``code`` inside ``data`` (protocol, section 7.16).
    """
    data = _checked(answer).get("data")
    if not isinstance(data, dict):
        raise unparsable(answer, "The answer holds no data.")
    if not is_ok(data.get("code")):
        raise complaint(answer, data, code_of(data.get("code")), text_of(data.get("msg")) or "")
    return data


def _checked(answer: Answer) -> dict[str, Any]:
    """The body, if it is an object that reports no error."""
    body = answer.body
    if not isinstance(body, dict):
        raise unparsable(answer, "The answer is no JSON object.")
    code = body.get("code")
    if not is_ok(code):
        nested = nested_error(body)
        if nested and not isinstance(code_of(code), int):
            body, code = nested, nested["code"]
        raise complaint(answer, body, code_of(code), message_of(body))
    if code is None and answer.http_status >= 400:
        # Without a code of Kling's, the HTTP status is all there is.
        raise foreign_error(answer, body)
    return body


def _unwrapped(answer: Answer, body: dict[str, Any]) -> Task:
    """No object with a status: faces, a bare id, a nested error, or nonsense.

    An empty list is nonsense too: taken for "no such task", it would let a job be sent twice.
    """
    data = body.get("data")
    if answer.asked is None and (faces := faces_task(data)):
        return replace(faces, request_id=request_id_of(body, answer), raw=body)
    task_id = identifier(data) if isinstance(data, str) and answer.asked is None else None
    if task_id and body.get("code") is not None:
        return Task(task_id, "submitted", request_id=request_id_of(body, answer), raw=body)
    if nested_error(body) or body.get("error"):
        raise foreign_error(answer, body)
    raise unparsable(answer, "The answer holds no task.")


def _find(body: Any, asked: str | None) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The first object with a relay's ``status`` and the first with Kling's ``task_status``."""
    outer, node = None, body
    has_code = isinstance(body, dict) and body.get("code") is not None
    for _ in range(MAX_WRAPPERS + 1):
        if isinstance(node, list):
            node = _pick(node, asked)
        if not isinstance(node, dict):
            break
        if "task_status" in node:
            return outer, node
        word = text_of(node.get("status")) or ""
        # Without Kling's "code", only a known word makes a task: {"status": "error"} is none.
        if outer is None and _own_id(node) and (word.lower() in _STATUSES or (word and has_code)):
            outer = node
        node = node.get("data")
    return outer, None


def _pick(rows: list[Any], asked: str | None) -> Any:
    """The row that was asked for; of several others none, for it would be somebody else's."""
    for row in rows:
        if isinstance(row, dict) and asked and asked in (_own_id(row), _external_id(row)):
            return row
    return rows[0] if len(rows) == 1 or (rows and asked is None) else None


def _task(
    body: dict[str, Any],
    outer: dict[str, Any] | None,
    inner: dict[str, Any] | None,
    answer: Answer,
) -> Task:
    source = inner if inner is not None else outer or {}
    raw_status = text_of(source.get("task_status" if inner is not None else "status")) or ""
    status = _STATUSES.get(raw_status.lower(), "unknown")
    outer_word = text_of(outer.get("status")) if outer else None
    if outer_word and _STATUSES.get(outer_word.lower()) == "failed":
        # The relay gave up, whatever Kling's last word in it was.
        status, raw_status = "failed", outer_word
    # The relay's own id is the one that its query path takes, so the outermost wins.
    task_id = (_own_id(outer) if outer else None) or _own_id(source) or answer.asked or ""
    return Task(
        task_id=task_id,
        status=status,
        raw_status=raw_status,
        message=_reason(inner, outer) if status == "failed" else "",
        external_task_id=_external_id(source) or (_external_id(outer) if outer else None),
        outputs=outputs_of(source),
        unit_deduction=_deducted(source) or (_deducted(outer) if outer else None),
        request_id=request_id_of(body, answer),
        created_at=_milliseconds(source, "created_at", "create_time"),
        updated_at=_milliseconds(source, "updated_at", "update_time"),
        raw=body,
    )


def _own_id(node: dict[str, Any]) -> str | None:
    return identifier(node.get("task_id")) or identifier(node.get("id"))


def _external_id(node: dict[str, Any]) -> str | None:
    info = node.get("task_info")
    inside = info.get("external_task_id") if isinstance(info, dict) else None
    outside = node.get("external_task_id") or node.get("external_id")
    return identifier(inside) or identifier(outside)


def _reason(inner: dict[str, Any] | None, outer: dict[str, Any] | None) -> str:
    for node in (inner, outer):
        if node is None:
            continue
        error = node.get("error")
        nested = error.get("message") if isinstance(error, dict) else None
        for value in (node.get("task_status_msg"), node.get("fail_reason"), nested):
            if text := text_of(value):
                return text
        # The word of success stands in "message" of a wrapper, so only a task's own counts.
        if "task_status" not in node and (text := text_of(node.get("message"))):
            return text
    return ""


def _deducted(node: dict[str, Any]) -> str | None:
    """``final_unit_deduction`` as it came; of the newer design, the one charge in units.

    No units because the task was paid in cash do not make it free: then nothing is known.
    """
    value = node.get("final_unit_deduction")
    if _amount(value) == 0 and _paid_in_cash(node):
        return None
    billing = node.get("billing")
    if value is None and isinstance(billing, list) and len(billing) == 1:
        charge = billing[0]
        if isinstance(charge, dict) and charge.get("charge_type") == "unit":
            value = charge.get("amount")
    return text_of(value)


def _paid_in_cash(node: dict[str, Any]) -> bool:
    cash = node.get("final_balance_deduction")
    return isinstance(cash, dict) and (_amount(cash.get("quota")) or 0) > 0


def _amount(value: object) -> Decimal | None:
    return deduction(Task("", "succeed", unit_deduction=text_of(value)))


def _milliseconds(node: dict[str, Any], *names: str) -> int | None:
    for name in names:
        value = node.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**14:
            return value
    return None
