"""Text to speech, which answers at once (protocol, section 7.14)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from kling import voices
from kling.media import IdText, SourceId
from kling.operations.base import COMETAPI, OFFICIAL, Facts, Operation, OperationInput
from kling.operations.parameters import OneDecimal

PRESETS: dict[str, Any] = {"x-presets": [voice.as_dict() for voice in voices.presets()]}


class TextToSpeechInput(OperationInput):
    text: Annotated[
        str,
        Field(max_length=1000),
        Facts(title="Text", description="What to say, in at most 1000 characters.", order=10),
    ]
    voice_id: Annotated[
        IdText,
        Field(json_schema_extra=PRESETS),
        SourceId("voice", presets=True),
        Facts(
            title="Voice",
            description="The id of one of Kling's voices, or of a voice that you have made.",
            order=20,
            example="oversea_male1",
        ),
    ]
    voice_language: Annotated[
        Literal["zh", "en"] | None,
        Facts(
            title="Language",
            description="The language of the text: zh is Chinese, en is English.",
            order=30,
            default="zh",
            explicit=True,
        ),
    ] = None
    voice_speed: Annotated[
        OneDecimal | None,
        Field(ge=0.8, le=2),
        Facts(
            title="Speed",
            description="From 0.8 (slow) to 2 (fast), with at most one decimal place.",
            order=40,
            default=1,
            explicit=True,
        ),
    ] = None


class TextToSpeech(Operation):
    name = "text-to-speech"
    title = "Text to speech"
    description = "A text read aloud."
    path = "audio/tts"
    media_kind = "audio"
    Input = TextToSpeechInput
    dialects = (COMETAPI, OFFICIAL)
    # The result is in the answer to the submit, so the page has neither a callback nor an own id.
    synchronous = True
    callbacks_on = frozenset()
    external_ids_on = frozenset()
    external_id_query_on = frozenset()
