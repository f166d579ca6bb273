"""Voices that a prompt speaks with: ``<<<voice_1>>>`` is the first of ``voice_list``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from kling.errors import FieldError
from kling.media import IdText, SourceId
from kling.operations.base import Declared

_REFERENCE = re.compile(r"<<<voice_\d+>>>")


class Voice(Declared):
    voice_id: Annotated[
        IdText,
        SourceId("voice", presets=True),
        Field(title="Voice id", description="A voice of your own, or one that Kling offers."),
    ]


def speaks(values: Mapping[str, Any]) -> bool:
    """Whether a listed voice is used in a text: only then does Kling charge for it."""
    return bool(values.get("voice_list")) and bool(_REFERENCE.search(_texts(values)))


def _texts(values: Mapping[str, Any]) -> str:
    shots = values.get("multi_prompt") or []
    return "\n".join([str(values.get("prompt", "")), *(str(shot["prompt"]) for shot in shots)])


def check_voices(values: Mapping[str, Any]) -> Iterator[FieldError]:
    if values.get("voice_list") and values.get("sound") != "on":
        yield FieldError("voice_list", "exclusive", "voice_list needs sound to be on.")
