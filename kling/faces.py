"""The answer of identify-face as a finished task: its session is the task, each face an output.

It has neither ``task_id`` nor ``task_status`` (protocol, sections 5.2 and 7.7).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kling.outputs import identifier, outputs_of, text_of
from kling.tasks import Output, Task

MAX_FACES = 50
DAY = 24 * 3600 * 1000  # milliseconds; no video is longer


def faces_task(data: Any) -> Task | None:
    """The task in ``data`` of an answer, or None where it holds no faces.

    An empty list is an answer too: the video shows no face.
    """
    if not isinstance(data, dict) or "face_data" not in data:
        return None
    session, rows = identifier(data.get("session_id")), data["face_data"] or []
    if session is None or not isinstance(rows, list):
        return None
    found = [_face(row) for row in rows[:MAX_FACES] if isinstance(row, dict)]
    outputs = tuple(replace(one, index=place) for place, one in enumerate(filter(None, found)))
    deducted = text_of(data.get("final_unit_deduction"))
    return Task(session, "succeed", outputs=outputs, unit_deduction=deducted)


def _face(row: dict[str, Any]) -> Output | None:
    """A face keeps its place without a picture: it can be chosen all the same."""
    known_as = identifier(row.get("face_id"))
    if known_as is None:
        return None
    picture = {"task_result": {"images": [{"url": row.get("face_image")}]}}
    (output, *_) = (*outputs_of(picture), Output("image", ""))
    details = {
        "face_id": known_as,
        "start_ms": _moment(row.get("start_time")),
        "end_ms": _moment(row.get("end_time")),
    }
    return replace(output, provider_id=known_as, details=details)


def _moment(value: object) -> int:
    """Milliseconds, which relays send as text too."""
    text = text_of(value) or ""
    moment = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    return min(moment, DAY)
