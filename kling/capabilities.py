"""What a model can do through a dialect: choosing it, filling its defaults, refusing the rest.

"Model × mode × duration × feature" is data (catalogue.toml); this is the one place that reads
it, for the check before submission and for the JSON Schema alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kling.catalogue import Catalogue, Feature, Model
from kling.dialects import Dialect
from kling.errors import FieldError, InvalidInput
from kling.operations.base import Facts, Operation
from kling.validation import one_of

INERT = (False, "off", "no")  # values that switch a feature off, so they need none


@dataclass(frozen=True)
class Scope:
    """One operation through one dialect on one day."""

    operation: Operation
    dialect: Dialect
    catalogue: Catalogue
    today: date

    def choices(self, name: str, facts: Facts, model: Model | None) -> tuple[str, ...] | None:
        """Values of a field that both the dialect and the model take; ``None``: no list."""
        by_dialect = facts.limit(self.dialect.name).choices
        by_model = model.choices_of(name) if model else None
        if by_dialect is None or by_model is None:
            return by_dialect if by_model is None else by_model
        return tuple(choice for choice in by_model if choice in by_dialect)

    def offered(self) -> tuple[Model, ...]:
        return self.catalogue.offered(self.operation.name, self.dialect.name, self.today)

    def listed(self, facts: Facts) -> tuple[str, ...]:
        """Values of a field that stand in lists of the catalogue."""
        lists = self.catalogue.entry(self.operation.name).lists
        return tuple(value for name in facts.listed_in for value in lists[name])

    def default_model(self) -> str | None:
        """The catalogue's while it is offered, then the first that is; ``None``: all are gone."""
        names = [model.name for model in self.offered()]
        default = self.catalogue.entry(self.operation.name).default_model.get(self.dialect.name)
        return default if default in names else next(iter(names), None)

    def models_with(self, feature: str) -> list[str]:
        return [model.name for model in self.offered() if feature in model.features]


def choose_model(scope: Scope, name: str | None) -> Model | None:
    """The model of a request; ``None`` for operations without models. Raises InvalidInput."""
    if not scope.operation.has_models:
        return None
    default = scope.default_model()
    if default is None:
        message = f"{scope.operation.name} has been retired by {scope.dialect.title}."
        raise InvalidInput([FieldError("operation", "retired_operation", message)])
    name = name or default
    model = scope.catalogue.named(scope.operation.name, name, scope.dialect.name)
    error = _model_error(scope, name, model)
    if error:
        raise InvalidInput([error])
    return model


def _model_error(scope: Scope, name: str, model: Model | None) -> FieldError | None:
    offered = ", ".join(other.name for other in scope.offered())
    instead = f" Models you can use: {offered}."
    if model is None:
        near = difflib.get_close_matches(name, [other.name for other in scope.offered()], n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        message = f"There is no model {name} for {scope.operation.name}.{hint}{instead}"
        return FieldError("model_name", "unknown_model", message)
    if not model.is_served(scope.dialect.name, scope.today):
        message = f"{name} is not available through {scope.dialect.title}.{instead}"
        return FieldError("model_name", "not_offered", message)
    if model.is_retired(scope.dialect.name, scope.today):
        message = f"{name} has been retired by {scope.dialect.title}.{instead}"
        return FieldError("model_name", "retired_model", message)
    return None


def with_defaults(scope: Scope, model: Model | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` and what it leaves open, in the order in which it goes over the wire."""
    filled = dict(given)
    if model:
        filled["model_name"] = model.name
    for name, facts in scope.operation.Input.facts().items():
        if name in filled or not facts.explicit or scope.dialect.name in facts.absent_on:
            continue
        if model and facts.feature and facts.feature not in model.features:
            continue
        default = _default(facts, scope.choices(name, facts, model))
        if default is not None:
            filled[name] = default
    if "multi_prompt" in filled:
        filled["multi_prompt"] = [
            {"index": number, **shot} for number, shot in enumerate(filled["multi_prompt"], 1)
        ]
    return {name: filled[name] for name in scope.operation.Input.model_fields if name in filled}


def _default(facts: Facts, choices: tuple[str, ...] | None) -> object:
    if choices is None or facts.default in choices:
        return facts.default
    return choices[0] if choices else None


def capability_errors(
    scope: Scope, model: Model | None, values: Mapping[str, Any]
) -> Iterator[FieldError]:
    """What of ``values`` this model cannot do."""
    if model is None:
        return
    for name, facts in scope.operation.Input.facts().items():
        if name not in values:
            yield from _required_errors(model, name, facts)
            continue
        choices = scope.choices(name, facts, model)
        if choices is not None and values[name] not in choices:
            yield _choice_error(name, model, choices)
        elif facts.feature and values[name] not in INERT:
            yield from _feature_error(scope, model, name, facts.feature, values)


def _required_errors(model: Model, name: str, facts: Facts) -> Iterator[FieldError]:
    feature = model.features.get(facts.feature or "")
    if feature is not None and feature.required:
        yield FieldError(name, "required", f"{model.name} needs {name}.")


def list_errors(scope: Scope, values: Mapping[str, Any]) -> Iterator[FieldError]:
    """Values that are in none of the catalogue's lists of their field."""
    for name, facts in scope.operation.Input.facts().items():
        known = scope.listed(facts)
        if facts.listed_in and name in values and values[name] not in known:
            near = difflib.get_close_matches(values[name], known, n=3)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            message = f"{name} is not one that is known here.{hint}"
            yield FieldError(name, "not_allowed", message)


def _choice_error(name: str, model: Model, choices: tuple[str, ...]) -> FieldError:
    if not choices:
        return FieldError(name, "not_supported", f"{model.name} has no {name}; leave it out.")
    message = f"{name} of {model.name} must be {one_of(choices)}."
    return FieldError(name, "not_supported", message)


def _feature_error(
    scope: Scope, model: Model, name: str, wanted: str, values: Mapping[str, Any]
) -> Iterator[FieldError]:
    feature = model.features.get(wanted)
    if feature is None:
        others = scope.models_with(wanted)
        hint = f" Models that do: {', '.join(others)}." if others else ""
        yield FieldError(name, "not_supported", f"{model.name} does not take {name}.{hint}")
    elif not feature.works(values):
        message = f"{model.name} takes {name} only {where(feature)}."
        yield FieldError(name, "not_supported", message)
    else:
        for needed in feature.needs:
            if needed not in values:
                message = f"{needed} is required: {model.name} takes {name} only together with it."
                yield FieldError(needed, "required", message)


def where(feature: Feature) -> str:
    parts = []
    if feature.modes is not None:
        parts.append(f"with mode {' or '.join(feature.modes)}")
    if feature.durations is not None:
        parts.append(f"with duration {' or '.join(map(str, feature.durations))}")
    if feature.sound is not None:
        parts.append(f"with sound {feature.sound}")
    return " and ".join(parts)
