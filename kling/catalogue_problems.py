"""What is wrong with a catalogue: where it contradicts itself or the declared operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING

from kling import operations
from kling.operations.base import DIALECTS, Facts, Operation
from kling.rows import Feature, Model, Modes, Rate, rate

if TYPE_CHECKING:
    from kling.catalogue import Catalogue


def problems(catalogue: Catalogue) -> Iterator[str]:
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
    for dialect in {*model.dialects, *model.retired_at, *model.also_named} - set(
        operation.dialects
    ):
        yield f"{where}: the operation has no dialect {dialect}"
    if set(model.retired_at) - set(model.dialects):
        yield f"{where}: retired where it never was"
    if list(model.durations) != sorted(set(model.durations)):
        yield f"{where}: durations are not in order"
    fields = operation.Input.facts()
    for name in set(model.choices) - set(fields):
        yield f"{where}: choices of the unknown field {name}"
    yield from _feature_problems(where, model, fields)
    if catalogue.entry(model.operation).priced_by == "catalogue":
        yield from _unpriced(where, model.rates, model.modes, operation, model.features)


def _feature_problems(where: str, model: Model, fields: Mapping[str, Facts]) -> Iterator[str]:
    known = {facts.feature for facts in fields.values()}
    for name, feature in model.features.items():
        if name not in known:
            yield f"{where}: no field needs the feature {name}"
        for needed in set(feature.needs) - set(fields):
            yield f"{where}: {name} needs the unknown field {needed}"
        if set(feature.modes or ()) - set(model.modes):
            yield f"{where}: {name} in a mode that the model has not"
        if set(feature.durations or ()) - set(model.durations):
            yield f"{where}: {name} at a duration that the model has not"


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
        # The first value of a case is what everybody can, but for those that do nothing else.
        if features and any(features[name].required for name in _plain(cases, facts, features)):
            continue
        special = [name for name, value in facts.items() if value != cases[name][0]]
        if features is not None and not all(_can(features, name, mode) for name in special):
            continue
        if mode:
            facts["mode"] = mode
        if rate(rates, facts) is None:
            yield f"{where}: no rate for {facts}"


def _plain(
    cases: Mapping[str, tuple[str, ...]], facts: Mapping[str, str], features: Mapping[str, Feature]
) -> Iterator[str]:
    """Features that this case does without."""
    return (name for name in features if name in cases and facts[name] == cases[name][0])


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
