"""Typical jobs of the catalogue, by which the operator sees what other prices would change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from billing.comparison import TypicalJob
from generations import offering
from generations.forms import words
from kling import catalogue, dialects
from kling.catalogue import Model, OperationEntry, Rate
from kling.operations.base import Operation

# How much of it is typical, by what the catalogue counts.
AMOUNTS = {"second": (5, "5 seconds"), "5 seconds": (1, "5 seconds"), "image": (1, "1 image")}


def jobs() -> list[TypicalJob]:
    """One for each operation, model and price row that anybody may ask for today."""
    return [job for operation in offering.listed() for job in _jobs_of(operation)]


def _jobs_of(operation: Operation) -> Iterator[TypicalJob]:
    models = catalogue.default()
    entry = models.entry(operation.name)
    if entry.priced_by == "operator":
        yield TypicalJob(operation.title, operation.name, operation.name, entry.unit_type, None)
    elif operation.has_models:
        for model in filter(_is_offered, models.models_of(operation.name)):
            for row in model.rates:
                yield _job(operation, entry, row, model)
    else:
        for row in entry.rates:
            yield _job(operation, entry, row, None)


def _job(operation: Operation, entry: OperationEntry, row: Rate, model: Model | None) -> TypicalJob:
    count, amount = AMOUNTS.get(entry.per, (1, ""))
    parts = [operation.title, model.title if model else "", *_facts(row), amount]
    return TypicalJob(
        title=", ".join(part for part in parts if part),
        operation=operation.name,
        model=model.name if model else operation.name,
        unit_type=entry.unit_type,
        units=row.units * Decimal(count),
    )


def _facts(row: Rate) -> Iterator[str]:
    for name, value in row.when.items():
        if value in ("on", "off"):
            yield f"{'with' if value == 'on' else 'without'} {name}"
        else:
            yield words.CHOICES.get(name, {}).get(value, f"{name} {value}")


def _is_offered(model: Model) -> bool:
    today = datetime.now(UTC).date()
    return any(model.is_offered(dialect.name, today) for dialect in dialects.all_dialects())
