"""The bodies of each dialect, in the shape and order of its own pages."""

from __future__ import annotations

import uuid
from typing import Any, Final

from kling import operations

from .errors import Refusal
from .gallery import Gallery
from .tasks import Status, Task

WITH_PARENT: Final = frozenset(
    {
        "videos/video-extend",
        "videos/advanced-lip-sync",
        "videos/lip-sync",
        "audio/video-to-audio",
    }
)
# Kling's page of this one shows a query that is answered with a list of the one task.
IN_A_LIST: Final = frozenset({("official", "videos/lip-sync")})


def accepted(task: Task, now: float) -> dict[str, Any]:
    """Answer to a create. Cloudsway's text-to-video page shows one that is already running."""
    data: dict[str, Any] = {
        "task_id": task.task_id,
        "task_status": task.status(now),
        "created_at": _milliseconds(task.created_at),
        "updated_at": _milliseconds(task.changed_at(now)),
    }
    if data["task_status"] != "submitted":
        data |= {"task_status_msg": "", "task_info": _info(task), "task_result": {}}
    else:
        data["task_info"] = _info(task)
    return _envelope(task.dialect, data, media_kind=task.media_kind)


def queried(task: Task, gallery: Gallery) -> dict[str, Any]:
    if is_session(task):
        return _envelope(task.dialect, gallery.session(task))
    shown = state(task, gallery)
    data = [shown] if (task.dialect, task.path) in IN_A_LIST else shown
    return _envelope(task.dialect, data, media_kind=task.media_kind)


def is_session(task: Task) -> bool:
    """Faces are answered by themselves, without a task around them."""
    return operations.get(task.operation).result_kind == "faces"


def listed(dialect: str, tasks: list[Task], gallery: Gallery) -> dict[str, Any]:
    return _envelope(dialect, [state(task, gallery) for task in tasks])


def plain(dialect: str, data: Any) -> dict[str, Any]:
    return _envelope(dialect, data)


def refused(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "message": refusal.message, "request_id": str(uuid.uuid4())}


def wrong_path(path: str) -> dict[str, Any]:
    """CometAPI's own envelope; its gateway answers before Kling is asked."""
    message = f"Invalid URL ({path})"
    return {
        "error": {"message": message, "type": "comet_api_error", "param": "", "code": ""},
    }


def status(task: Task, gallery: Gallery) -> Status:
    """What the task shows: a result that is still being drawn is still processing."""
    shown = task.status(gallery.now)
    if task.waiting:
        gallery.look(task)
    if shown == "succeed" and not gallery.ready(task):
        return "processing"
    return shown


def state(task: Task, gallery: Gallery) -> dict[str, Any]:
    """`data` of a query; with the documented fields less a callback's body too."""
    shown = status(task, gallery)
    finished = shown in ("succeed", "failed")
    word = task.plan.status_word if shown == "processing" else None
    body: dict[str, Any] = {
        "task_id": task.task_id,
        "task_status": word or shown,
        "created_at": _milliseconds(task.created_at),
        "updated_at": _milliseconds(task.changed_at(gallery.now)),
        "task_status_msg": task.plan.failure or "" if shown == "failed" else "",
        "task_info": _info(task, gallery),
        "task_result": gallery.result(task) if shown == "succeed" else _nothing(task, shown),
    }
    if task.dialect == "official":
        body["watermark_info"] = {"enabled": task.watermarked}
    if finished and task.deduction is not None:
        body["final_unit_deduction"] = task.deduction
    return body


def _envelope(dialect: str, data: Any, *, media_kind: str = "") -> dict[str, Any]:
    """CometAPI's audio pages show no request_id; Cloudsway puts it last, Kling before data."""
    body: dict[str, Any] = {"code": 0, "message": "SUCCEED"}
    request_id = {"request_id": str(uuid.uuid4())}
    if dialect == "cometapi" and media_kind == "audio":
        return body | {"data": data}
    if dialect == "cloudsway":
        return body | {"data": data} | request_id
    return body | request_id | {"data": data}


def _info(task: Task, gallery: Gallery | None = None) -> dict[str, Any]:
    """With the video that it goes on from, where the page of the operation shows one."""
    info: dict[str, Any] = {}
    if task.dialect == "official":
        info["external_task_id"] = task.external_id or None
    elif task.dialect == "cloudsway" and task.media_kind != "audio":
        info["parent_video"] = None
    if gallery is not None and task.path in WITH_PARENT:
        info["parent_video"] = gallery.parent_video(task)
    return info


def _nothing(task: Task, shown: Status) -> dict[str, Any]:
    if shown == "failed" and task.dialect == "cloudsway" and task.media_kind == "image":
        return {"images": None, "result_type": None, "series_images": None}
    return {}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
