"""Text to audio: a sound effect (Cloudsway and CometAPI pages "text-to-audio")."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kling.operations.base import CLOUDSWAY, OFFICIAL, Facts, Operation, OperationInput
from kling.operations.parameters import SecondsNumber


class TextToAudioInput(OperationInput):
    prompt: Annotated[
        str,
        Field(max_length=200),
        Facts(title="Prompt", description="What to hear, in at most 200 characters.", order=10),
    ]
    duration: Annotated[
        SecondsNumber,
        Field(ge=3, le=10),
        Facts(
            title="Duration",
            description="Seconds of audio, from 3 to 10, with at most one decimal place.",
            order=20,
            example=5,
        ),
    ]


class TextToAudio(Operation):
    name = "text-to-audio"
    title = "Text to audio"
    description = "A sound effect made from a description in words."
    path = "audio/text-to-audio"
    media_kind = "audio"
    Input = TextToAudioInput
    # CometAPI's page calls external_task_id "for your own tracking" and says no more.
    external_id_query_on = frozenset({CLOUDSWAY, OFFICIAL})
