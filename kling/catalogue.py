"""Models and prices as data: loads catalogue.toml, checks it, and answers questions about it.

A wrong catalogue raises CatalogueError when it is loaded, naming what is wrong: a model without
a price must be found at start, not when a customer asks for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kling import operations
from kling.operations.base import DIALECTS, Operation

FILE = Path(__file__).with_name("catalogue.toml")

UnitType = Literal["video", "image", "try-on"]
Per = Literal["second", "5 seconds", "call", "image"]
Mode = Literal["std", "pro", "4k"]


class CatalogueError(ValueError):
    """The catalogue contradicts itself or the declared operations."""


def _units(value: object) -> Decimal:
    # A TOML float would be a binary fraction: prices are written as text.
    if not isinstance(value, str):
        raise ValueError('units are written as text, for example "0.6"')
    try:
        return Decimal(value)
    except InvalidOperation:
        raise ValueError("units must be a decimal number") from None


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


UnitAmount = Annotated[Decimal, BeforeValidator(_units), Field(gt=0, le=1000)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Modes = Annotated[tuple[Mode, ...], BeforeValidator(_as_tuple)]
Durations = Annotated[tuple[int, ...], BeforeValidator(_as_tuple)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Rate(_Row):
    """Kling units for one second, call or image, where every fact in ``when`` holds."""

    when: dict[str, str] = {}
    units: UnitAmount


Rates = Annotated[tuple[Rate, ...], BeforeValidator(_as_tuple)]


class Feature(_Row):
    """Where a model can do something; ``None`` means in all its modes, at all its durations,
    with sound and without.
    """

    modes: Modes | None = None
    durations: Durations | None = None
    sound: Literal["on", "off"] | None = None

    def works(self, values: Mapping[str, object]) -> bool:
        in_mode = self.modes is None or values.get("mode") in self.modes
        seconds = None if self.durations is None else tuple(map(str, self.durations))
        at_duration = seconds is None or values.get("duration") in seconds
        with_sound = self.sound is None or values.get("sound", "off") == self.sound
        return in_mode and at_duration and with_sound


class Model(_Row):
    operation: str
    name: str
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


class OperationEntry(_Row):
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


class Catalogue(_Row):
    operations: dict[str, OperationEntry]
    models: Annotated[tuple[Model, ...], BeforeValidator(_as_tuple)]

    def entry(self, operation: str) -> OperationEntry:
        return self.operations[operation]

    def model(self, operation: str, name: str) -> Model | None:
        for model in self.models_of(operation):
            if model.name == name:
                return model
        return None

    def models_of(self, operation: str) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.operation == operation)

    def offered(self, operation: str, dialect: str, today: date) -> tuple[Model, ...]:
        models = self.models_of(operation)
        return tuple(model for model in models if model.is_offered(dialect, today))

    def offers(self, operation: Operation, dialect: str, today: date) -> bool:
        """Whether it can be asked for: not where its models have all been retired."""
        if operation.has_models:
            return bool(self.offered(operation.name, dialect, today))
        return dialect in operation.dialects

    def rates(self, operation: str, model: Model | None) -> tuple[Rate, ...]:
        return model.rates if model else self.entry(operation).rates

    def expected_seconds(self, operation: str, model: Model | None) -> float:
        """Usual seconds from submit to result; the poller's first guess, no promise."""
        if model and model.expected_seconds:
            return model.expected_seconds
        return self.entry(operation).expected_seconds


def rate(rates: tuple[Rate, ...], facts: Mapping[str, str]) -> Rate | None:
    """The most particular row whose every condition holds, or None."""
    fitting = [row for row in rates if row.when.items() <= facts.items()]
    return max(fitting, key=lambda row: len(row.when), default=None)


_in_use = [FILE]


def use(path: Path | None) -> Catalogue:
    """Take another catalogue for this whole process; ``None``: the one of the package again.

    Raises CatalogueError, and then leaves the one that was in use.
    """
    chosen = load(path or FILE)
    _in_use[:] = [path or FILE]
    default.cache_clear()
    return chosen


@lru_cache(maxsize=1)
def default() -> Catalogue:
    """The catalogue in use: the one that ships with the package, unless ``use`` said otherwise."""
    return load(_in_use[0])


def load(path: Path) -> Catalogue:
    """Reads and checks a catalogue. Raises CatalogueError."""
    try:
        catalogue = Catalogue.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as exc:
        raise CatalogueError(f"{path.name}: {exc}") from exc
    problems = list(_problems(catalogue))
    if problems:
        raise CatalogueError(f"{path.name}: " + "; ".join(problems))
    return catalogue


def _problems(catalogue: Catalogue) -> Iterator[str]:
    declared = {operation.name for operation in operations.all_operations()}
    for name in sorted(declared ^ set(catalogue.operations)):
        yield f"operation {name} is in only one of the catalogue and the code"
    seen = set()
    for model in catalogue.models:
        if model.operation not in declared:
            yield f"{model.name} belongs to the unknown operation {model.operation}"
            continue
        if (model.operation, model.name) in seen:
            yield f"{model.operation} {model.name} is there twice"
        seen.add((model.operation, model.name))
        yield from _model_problems(catalogue, model)
    for name in sorted(declared & set(catalogue.operations)):
        yield from _operation_problems(catalogue, name)


def _model_problems(catalogue: Catalogue, model: Model) -> Iterator[str]:
    where = f"{model.operation} {model.name}"
    operation = operations.get(model.operation)
    for dialect in {*model.dialects, *model.retired_at} - set(operation.dialects):
        yield f"{where}: the operation has no dialect {dialect}"
    if set(model.retired_at) - set(model.dialects):
        yield f"{where}: retired where it never was"
    if list(model.durations) != sorted(set(model.durations)):
        yield f"{where}: durations are not in order"
    fields = operation.Input.facts()
    for name in set(model.choices) - set(fields):
        yield f"{where}: choices of the unknown field {name}"
    known = {facts.feature for facts in fields.values()}
    for name, feature in model.features.items():
        if name not in known:
            yield f"{where}: no field needs the feature {name}"
        if set(feature.modes or ()) - set(model.modes):
            yield f"{where}: {name} in a mode that the model has not"
        if set(feature.durations or ()) - set(model.durations):
            yield f"{where}: {name} at a duration that the model has not"
    if catalogue.entry(model.operation).priced_by == "catalogue":
        yield from _unpriced(where, model.rates, model.modes, operation, model.features)


def _unpriced(
    where: str,
    rates: tuple[Rate, ...],
    modes: Modes,
    operation: Operation,
    features: Mapping[str, Feature] | None,
) -> Iterator[str]:
    """Cases that may be asked for and have no rate; without ``features`` all of them may."""
    conditions = [tuple(sorted(row.when.items())) for row in rates]
    if len(conditions) != len(set(conditions)):
        yield f"{where}: two rates for the same case"
    cases = operation.price_cases
    for mode, chosen in product(modes or (None,), product(*cases.values())):
        facts = dict(zip(cases, chosen, strict=True))
        # The first value of a case is what everybody can.
        special = [name for name, value in facts.items() if value != cases[name][0]]
        if features is not None and not all(_can(features, name, mode) for name in special):
            continue
        if mode:
            facts["mode"] = mode
        if rate(rates, facts) is None:
            yield f"{where}: no rate for {facts}"


def _can(features: Mapping[str, Feature], name: str, mode: str | None) -> bool:
    feature = features.get(name)
    return feature is not None and mode in (feature.modes or (mode,))


def _operation_problems(catalogue: Catalogue, name: str) -> Iterator[str]:
    operation, entry = operations.get(name), catalogue.entry(name)
    wanted = {one for facts in operation.Input.facts().values() for one in facts.listed_in}
    for one in sorted(wanted ^ set(entry.lists)):
        yield f"{name}: the list {one} is in only one of the catalogue and the code"
    if not operation.has_models:
        if entry.priced_by == "catalogue":
            yield from _unpriced(name, entry.rates, entry.modes, operation, None)
        return
    for dialect in operation.dialects:
        here = [model for model in catalogue.models_of(name) if dialect in model.dialects]
        lasting = [model for model in here if dialect not in model.retired_at]
        # Where all are retired nothing is offered, and there is no better default.
        if entry.default_model.get(dialect) not in {model.name for model in lasting or here}:
            yield f"{name}: no live default model on {dialect}"
    if set(entry.default_model) - set(DIALECTS):
        yield f"{name}: default model of an unknown dialect"
