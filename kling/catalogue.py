"""Models and prices as data: loads catalogue.toml, checks it, and answers questions about it.

A wrong catalogue raises CatalogueError when it is loaded, naming what is wrong: a model without
a price must be found at start, not when a customer asks for it.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ValidationError

from kling.catalogue_problems import problems
from kling.operations.base import Operation
from kling.rows import Feature, Model, OperationEntry, Rate, Rates, Row, UnitType, as_tuple, rate

__all__ = [
    "FILE",
    "Catalogue",
    "CatalogueError",
    "Feature",
    "Model",
    "OperationEntry",
    "Rate",
    "UnitType",
    "default",
    "load",
    "rate",
    "use",
]

FILE = Path(__file__).with_name("catalogue.toml")


class CatalogueError(ValueError):
    """The catalogue contradicts itself or the declared operations."""


class Catalogue(Row):
    operations: dict[str, OperationEntry]
    models: Annotated[tuple[Model, ...], BeforeValidator(as_tuple)]

    def entry(self, operation: str) -> OperationEntry:
        return self.operations[operation]

    def model(self, operation: str, name: str) -> Model | None:
        for model in self.models_of(operation):
            if model.name == name:
                return model
        return None

    def named(self, operation: str, name: str, dialect: str) -> Model | None:
        """The model that a request through the dialect means."""
        for model in self.models_of(operation):
            if name in model.also_named.get(dialect, ()):
                return model
        return self.model(operation, name)

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

    def rates(self, operation: str, model: Model | None) -> Rates:
        return model.rates if model else self.entry(operation).rates

    def expected_seconds(self, operation: str, model: Model | None) -> float:
        """Usual seconds from submit to result; the poller's first guess, no promise."""
        if model and model.expected_seconds:
            return model.expected_seconds
        return self.entry(operation).expected_seconds


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
    if found := list(problems(catalogue)):
        raise CatalogueError(f"{path.name}: " + "; ".join(found))
    return catalogue
