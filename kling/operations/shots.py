"""Several shots in one video: planned by Kling, or written one by one (protocol, section 7.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from kling.errors import FieldError
from kling.operations.base import Declared
from kling.operations.parameters import Count, SecondsText


class Shot(Declared):
    index: Annotated[
        Count | None,
        Field(title="Number", description="1 for the first shot, then 2, 3, …", ge=1, le=6),
    ] = None
    prompt: Annotated[
        str,
        Field(title="Shot", description="What this shot shows.", min_length=1, max_length=512),
    ]
    duration: Annotated[
        SecondsText, Field(title="Seconds", description="Length of this shot, at least 1 second.")
    ]


def check_shots(values: Mapping[str, Any], *, needs_prompt: bool = True) -> Iterator[FieldError]:
    """Single shot, own shots (customize) and shots planned by Kling (intelligence).

    ``needs_prompt``: whether a single shot does; a picture may speak for itself.
    """
    if not values.get("multi_shot"):
        for name in ("shot_type", "multi_prompt"):
            if name in values:
                message = f"{name} needs multi_shot to be true."
                yield FieldError(name, "exclusive", message)
        if needs_prompt:
            yield from _need_prompt(values, "prompt is required.")
        return
    shot_type = values.get("shot_type")
    if shot_type is None:
        message = "shot_type is required when multi_shot is true: customize or intelligence."
        yield FieldError("shot_type", "required", message)
    elif shot_type == "intelligence":
        yield from _need_prompt(values, "prompt is required when Kling plans the shots.")
        if "multi_prompt" in values:
            message = "multi_prompt is only used with shot_type customize."
            yield FieldError("multi_prompt", "exclusive", message)
    else:
        yield from _check_own_shots(values)


def _need_prompt(values: Mapping[str, Any], message: str) -> Iterator[FieldError]:
    if "prompt" not in values:
        yield FieldError("prompt", "required", message)


def _check_own_shots(values: Mapping[str, Any]) -> Iterator[FieldError]:
    if "prompt" in values:
        message = "prompt is not used with shot_type customize; put the text into multi_prompt."
        yield FieldError("prompt", "exclusive", message)
    shots = values.get("multi_prompt")
    if shots is None:
        message = "multi_prompt is required with shot_type customize."
        yield FieldError("multi_prompt", "required", message)
        return
    for position, shot in enumerate(shots):
        if shot["index"] != position + 1:
            message = f"Shots are numbered in order; this one is number {position + 1}."
            yield FieldError(f"multi_prompt.{position}.index", "not_allowed", message)
        if int(shot["duration"]) < 1:
            message = "Each shot lasts at least 1 second."
            yield FieldError(f"multi_prompt.{position}.duration", "out_of_range", message)
    total = sum(int(shot["duration"]) for shot in shots)
    if total != int(values["duration"]):
        message = f"The shots add up to {total} seconds, but duration is {values['duration']}."
        yield FieldError("multi_prompt", "mismatch", message)
