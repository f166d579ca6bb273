"""A job as Kling shows a task, in answers and callbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from billing.amounts import to_text
from generations.kling_api import elements
from generations.kling_api.results import faces_of, parent_video, result_of
from generations.models import Asset, Generation, State
from kling import operations
from kling.operations.identify_face import IdentifyFace

WORDS = {
    State.QUEUED: "submitted",
    State.SUBMITTING: "submitted",
    State.PROCESSING: "processing",
    State.RECONCILING: "processing",
    State.STORING: "processing",
    State.SUCCEEDED: "succeed",
    State.FAILED: "failed",
    State.CANCELED: "failed",
}
CANCELED = "The task was canceled."
UNAPPROVED = "The task waits for an approval in its workspace."
# Fields in which a task names the video that it goes on from, by themselves or inside of input.
PARENTS = ("video_id", "video_url")


def word(generation: Generation) -> str:
    """`task_status`."""
    return WORDS[State(generation.state)]


def answer_to_create(generation: Generation) -> dict[str, Any]:
    """`data` of the answer to a create: the task, but for faces that came with it.

    Kling's answer about faces is no task, and programs that see one look for no faces in it.
    """
    shown = represent(generation)
    if "face_data" not in shown:
        return shown
    return {name: shown[name] for name in ("session_id", "final_unit_deduction", "face_data")}


def represent(generation: Generation) -> dict[str, Any]:
    """`data` of a single query, and the body of a callback."""
    return represent_all([generation])[0]


def represent_all(generations: Sequence[Generation]) -> list[dict[str, Any]]:
    """`data` of a list query. All are of one workspace."""
    parents, sources = _parents(generations), elements.sources_of(generations)
    return [_represent(one, parents, sources) for one in generations]


def _represent(
    generation: Generation, parents: Mapping[int, Asset], sources: elements.Sources
) -> dict[str, Any]:
    operation = operations.get(generation.operation)
    shown: dict[str, Any] = {
        "task_id": generation.public_id,
        "task_status": word(generation),
        "task_status_msg": _reason(generation),
        "task_info": _info(generation, parents),
        "task_result": result_of(generation, operation, sources),
        "created_at": milliseconds(generation.created_at),
        "updated_at": milliseconds(_changed_at(generation)),
    }
    if "watermark_info" in generation.input:
        shown["watermark_info"] = generation.input["watermark_info"]
    if generation.is_final:
        shown["final_unit_deduction"] = to_text(generation.charged)
    if operation.result_kind == "faces" and generation.state == State.SUCCEEDED:
        shown |= faces_of(generation)
    return shown


def _reason(generation: Generation) -> str:
    if generation.is_waiting_for_approval:
        return UNAPPROVED
    if generation.state == State.CANCELED:
        return generation.error_message or CANCELED
    return generation.error_message if generation.state == State.FAILED else ""


def _info(generation: Generation, parents: Mapping[int, Asset]) -> dict[str, Any]:
    info: dict[str, Any] = {}
    if generation.client_task_id:
        info["external_task_id"] = generation.client_task_id
    if parent := parents.get(generation.pk):
        info["parent_video"] = parent_video(parent)
    return info


def _parents(generations: Sequence[Generation]) -> dict[int, Asset]:
    """The results that these tasks go on from, by task, in at most two queries for all of them."""
    sessions = _sessions(generations)
    ids = {
        one.pk: found
        for one in generations
        if (found := _parent_id(sessions.get(one.input.get("session_id", ""), one.input)))
    }
    if not ids:
        return {}
    rows = Asset.objects.filter(
        public_id__in=set(ids.values()), workspace=generations[0].workspace_id
    )
    known = {asset.public_id: asset for asset in rows}
    return {pk: known[name] for pk, name in ids.items() if name in known}


def _sessions(generations: Sequence[Generation]) -> dict[str, dict[str, Any]]:
    """Where faces were looked for, by the names that a session goes by."""
    named = {one.input["session_id"] for one in generations if "session_id" in one.input}
    if not named:
        return {}
    jobs = Generation.objects.filter(
        Q(public_id__in=named) | Q(task_id__in=named),
        workspace=generations[0].workspace_id,
        operation=IdentifyFace.name,
    )
    return {name: one.input for one in jobs for name in (one.public_id, one.task_id)}


def _parent_id(given: Mapping[str, Any]) -> str:
    given = given.get("input", given)
    values = (given.get(name) for name in PARENTS)
    return next((one for one in values if isinstance(one, str) and one.startswith("ast_")), "")


def _changed_at(generation: Generation) -> datetime:
    """When the status word last changed, as near as the row tells."""
    return generation.finished_at or generation.submitted_at or generation.created_at


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
