"""Model × mode × duration × feature: what the catalogue's rows say is what is taken.

The rows are read here by themselves, so that a mistake in the reading of the package shows.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from kling import catalogue, operations
from kling.errors import InvalidInput
from kling.schema import input_schema
from tests.kling.declared import sample
from tests.kling.inputs import SERVED, SMALLEST, TODAY, smallest

ROWS: list[dict[str, Any]] = tomllib.loads(catalogue.FILE.read_text())["models"]
# Words of the table; others are about what goes with what.
OF_THE_TABLE = {"not_supported", "not_offered", "not_allowed", "retired_model", "unknown_model"}
MODES = ("std", "pro", "4k")
DURATIONS = ("2", "3", "5", "7", "10", "15", "16")
INERT = (False, "off", "no", None)


def rows_of(operation: str) -> list[dict[str, Any]]:
    return [row for row in ROWS if row["operation"] == operation]


def refused(operation: str, dialect: str, values: dict[str, Any]) -> set[str]:
    """Fields that the table refuses."""
    try:
        smallest(operation, dialect, {**SMALLEST[operation], **values})
    except InvalidInput as exc:
        return {error.field for error in exc.errors if error.code in OF_THE_TABLE}
    return set()


def is_offered(row: dict[str, Any], dialect: str) -> bool:
    retired: date | None = row.get("retired_at", {}).get(dialect)
    is_live = row.get("live_from", TODAY) <= TODAY
    return dialect in row["dialects"] and is_live and not (retired and retired <= TODAY)


def of_the_page(operation: str, dialect: str, name: str) -> tuple[str, ...] | None:
    """The values that this provider's page lists; None where it lists none."""
    return operations.get(operation).Input.facts()[name].limit(dialect).choices


WITH_MODELS = [pair for pair in SERVED if operations.get(pair[0]).has_models]


@pytest.mark.parametrize(("operation", "dialect"), WITH_MODELS)
def test_models_that_are_not_offered_are_refused(operation: str, dialect: str) -> None:
    for row in rows_of(operation):
        wrong = "model_name" in refused(operation, dialect, {"model_name": row["name"]})
        assert wrong is not is_offered(row, dialect), row["name"]
    assert refused(operation, dialect, {"model_name": "kling-v99"}) == {"model_name"}


@pytest.mark.parametrize(("operation", "dialect"), WITH_MODELS)
def test_modes_and_durations_are_those_of_the_row(operation: str, dialect: str) -> None:
    fields = operations.get(operation).Input.model_fields
    for row in (row for row in rows_of(operation) if is_offered(row, dialect)):
        for name, tried in (("mode", MODES), ("duration", DURATIONS)):
            if name not in fields:
                continue
            allowed = set(map(str, row.get(f"{name}s", ())))
            page = of_the_page(operation, dialect, name)
            for value in tried:
                takes = value in allowed and (page is None or value in page)
                values = {"model_name": row["name"], name: value}
                assert (name not in refused(operation, dialect, values)) is takes, values


def featured(operation: str, dialect: str) -> Iterator[tuple[str, str, Any]]:
    """Each field that needs a feature, with values that switch it on."""
    properties = input_schema(operation, dialect, today=TODAY)["properties"]
    for name, facts in operations.get(operation).Input.facts().items():
        if facts.feature and name in properties:
            values = properties[name].get("enum") or [sample(properties[name])]
            yield from ((name, facts.feature, value) for value in values if value not in INERT)


def places(row: dict[str, Any], operation: str, dialect: str) -> Iterator[dict[str, str]]:
    """Every mode, duration and sound of a row that this provider's page has too."""
    properties = input_schema(operation, dialect, today=TODAY)["properties"]
    tried = {
        "mode": row.get("modes", ()),
        "duration": list(map(str, row.get("durations", ()))),
        "sound": ("off", "on") if "sound" in row.get("features", {}) else (),
    }
    known = {
        name: [value for value in values if value in properties[name].get("enum", values)]
        for name, values in tried.items()
        if values and name in properties
    }
    for chosen in itertools.product(*known.values()):
        yield dict(zip(known, chosen, strict=True))


@pytest.mark.parametrize(("operation", "dialect"), WITH_MODELS)
def test_features_are_those_of_the_row(operation: str, dialect: str) -> None:
    switched = list(featured(operation, dialect))
    for row in (row for row in rows_of(operation) if is_offered(row, dialect)):
        for place, (name, feature, value) in itertools.product(
            list(places(row, operation, dialect)), switched
        ):
            where = {key: one for key, one in place.items() if key != name}
            takes = works(row.get("features", {}).get(feature), where)
            takes = takes and value in row.get("choices", {}).get(name, [value])
            values = {"model_name": row["name"], **where, name: value}
            assert (name not in refused(operation, dialect, values)) is takes, values


def works(feature: dict[str, Any] | None, where: dict[str, str]) -> bool:
    if feature is None:
        return False
    allowed = {
        "mode": feature.get("modes"),
        "duration": list(map(str, feature.get("durations", ()))),
        "sound": [feature["sound"]] if "sound" in feature else None,
    }
    return all(where.get(name, "off") in some for name, some in allowed.items() if some)
