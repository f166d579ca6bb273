"""Field types that Kling uses in more than one operation (protocol, section 3.3)."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from kling.operations.base import Declared

_NUMBER_LENGTH = 12  # characters of a number given as text; longer ones are nonsense
_FAR = 10**6  # nothing of Kling's is counted so high


def _number(value: Any) -> Decimal:
    """``5``, ``5.0``, ``"5"`` as a Decimal; a bool is no number, for its text is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _json_number(value)
    text = value if isinstance(value, str) else ""
    if not text or len(text) > _NUMBER_LENGTH or not text.isascii():
        raise PydanticCustomError("wrong_type", "must be a number")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise PydanticCustomError("wrong_type", "must be a number") from None
    if not number.is_finite() or "e" in text.lower() or "_" in text:
        raise PydanticCustomError("wrong_type", "must be a number")
    return number


def _json_number(value: float) -> Decimal:
    """Compared first: the text of an int may be longer than Python agrees to write."""
    if not -math.inf < value < math.inf:
        raise PydanticCustomError("wrong_type", "must be a number")
    if abs(value) >= _FAR:
        raise PydanticCustomError("out_of_range", "is out of range")
    return Decimal(str(value))


def _whole_number(value: Any) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise PydanticCustomError("wrong_type", "must be a whole number")
    return int(number)


def _seconds_as_text(value: Any) -> str:
    return str(_whole_number(value))


def _plain_number(value: Any) -> int | float:
    number = _number(value)
    return int(number) if number == number.to_integral_value() else float(number)


def _one_decimal(value: Any) -> int | float:
    """A whole number stays whole: CometAPI's page types the field as an integer."""
    number = _number(value)
    if number != number.quantize(Decimal("0.1")):
        raise PydanticCustomError("too_precise", "may have at most one decimal place")
    return int(number) if number == number.to_integral_value() else float(number)


# Kling wants seconds of video as text ("5"); people send 5 as well.
SecondsText = Annotated[str, BeforeValidator(_seconds_as_text), WithJsonSchema({"type": "string"})]

OneDecimal = Annotated[
    int | float, BeforeValidator(_one_decimal), WithJsonSchema({"type": "number"})
]

# Kling wants seconds of audio as a number with at most one decimal.
SecondsNumber = OneDecimal

Count = Annotated[int, BeforeValidator(_whole_number)]

# A number; CometAPI's pages send some of Kling's as text.
Number = Annotated[int | float, BeforeValidator(_plain_number)]


class WatermarkInfo(Declared):
    enabled: Annotated[
        bool,
        Field(title="Make a copy with a watermark", description="Kling's own mark, not yours."),
    ]
