"""The rows of catalogue.toml: what a model or an operation can do, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

UnitType = Literal["video", "image", "try-on"]
Per = Literal["second", "5 seconds", "call", "image"]
Mode = Literal["std", "pro", "4k"]


def _units(value: object) -> Decimal:
    # A TOML float would be a binary fraction: prices are written as text.
    if not isinstance(value, str):
        raise ValueError('units are written as text, for example "0.6"')
    try:
        return Decimal(value)
    except InvalidOperation:
        raise ValueError("units must be a decimal number") from None


def as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


UnitAmount = Annotated[Decimal, BeforeValidator(_units), Field(gt=0, le=1000)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Modes = Annotated[tuple[Mode, ...], BeforeValidator(as_tuple)]
Durations = Annotated[tuple[int, ...], BeforeValidator(as_tuple)]
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Rate(Row):
    """Kling units for one second, call or image, where every fact in ``when`` holds."""

    when: dict[str, str] = {}
    units: UnitAmount


Rates = Annotated[tuple[Rate, ...], BeforeValidator(as_tuple)]


class Feature(Row):
    """Where a model can do something; ``None`` means in all its modes, at all its durations,
    with sound and without.

    ``needs``: fields without which it does not work. ``required``: the model does nothing else.
    """

    modes: Modes | None = None
    durations: Durations | None = None
    sound: Literal["on", "off"] | None = None
    needs: Names = ()
    required: bool = False

    def works(self, values: Mapping[str, object]) -> bool:
        in_mode = self.modes is None or values.get("mode") in self.modes
        seconds = None if self.durations is None else tuple(map(str, self.durations))
        at_duration = seconds is None or values.get("duration") in seconds
        with_sound = self.sound is None or values.get("sound", "off") == self.sound
        return in_mode and at_duration and with_sound


class Model(Row):
    """``also_named``: by dialect, other names that its page lists for the model."""

    operation: str
    name: str
    also_named: dict[str, Names] = {}
    title: str
    dialects: Names
    live_from: date | None = None
    retired_at: dict[str, date] = {}
    modes: Modes = ()
    durations: Durations = ()
    choices: dict[str, Names] = {}
    features: dict[str, Feature] = {}
    rates: Rates = ()
    expected_seconds: Seconds | None = None

    def choices_of(self, field: str) -> tuple[str, ...] | None:
        """Values of a field that this model takes; ``None`` where it takes them all."""
        if field == "mode":
            return self.modes
        if field == "duration":
            return tuple(map(str, self.durations))
        return self.choices.get(field)

    def is_retired(self, dialect: str, today: date) -> bool:
        retired_at = self.retired_at.get(dialect)
        return retired_at is not None and retired_at <= today

    def is_served(self, dialect: str, today: date) -> bool:
        """Whether the dialect has it at all, retired or not."""
        return dialect in self.dialects and (self.live_from is None or self.live_from <= today)

    def is_offered(self, dialect: str, today: date) -> bool:
        return self.is_served(dialect, today) and not self.is_retired(dialect, today)


class OperationEntry(Row):
    """What holds for an operation: its pack type; modes and prices where it has no models.

    ``priced_by`` "operator": Kling documents no price, so the price book says the units.
    ``lists``: names that Kling adds and takes away, such as the scenes of its effects.
    """

    unit_type: UnitType
    per: Per
    priced_by: Literal["catalogue", "operator"] = "catalogue"
    expected_seconds: Seconds
    default_model: dict[str, str] = {}
    modes: Modes = ()
    lists: dict[str, Names] = {}
    rates: Rates = ()


def rate(rates: tuple[Rate, ...], facts: Mapping[str, str]) -> Rate | None:
    """The most particular row whose every condition holds, or None."""
    fitting = [row for row in rates if row.when.items() <= facts.items()]
    return max(fitting, key=lambda row: len(row.when), default=None)
