"""A request as the provider will get it, and what it will cost in Kling units.

``parse`` is the one door: page, API, simulator and dispatcher come through it, so what was
checked and priced is what is sent. Parsing the ``input`` of a Request again, with the same
``media``, gives an equal one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from kling import catalogue, dialects, operations
from kling.capabilities import (
    Scope,
    capability_errors,
    choose_model,
    list_errors,
    with_defaults,
)
from kling.catalogue import Catalogue, Model
from kling.dialects import Dialect
from kling.errors import FieldError, InvalidInput
from kling.measures import media_errors
from kling.media import Media, Spot, spots
from kling.operations.base import Operation
from kling.units import Units, compute, together
from kling.validation import MAX_ERRORS, validate


@dataclass(frozen=True)
class Request:
    """A checked request. ``input`` is JSON-able and has every value that the price depends on.

    ``model`` is the operation's name where Kling has no models to choose from. ``slots`` is how
    many parallel tasks it takes; ``expected_seconds`` the usual time to a result. ``step`` is a
    call that has to come before the create call; its price is part of ``units``.
    """

    operation: Operation
    dialect: str
    model: str
    input: dict[str, Any]
    units: Units
    slots: int
    expected_seconds: float
    step: Request | None = None

    def spots(self) -> tuple[Spot, ...]:
        """Where files and ids of earlier results stand in the input."""
        return tuple(spots(self.operation.Input, self.input))

    def wire_body(
        self,
        *,
        external_task_id: str,
        callback_url: str | None = None,
        files: Mapping[str, str] | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The JSON body of the create call, with Kling's own names.

        ``files``: by the path of a spot, the address or Base64 to send instead of what stands
        there. ``ids``: the provider's own id of what stands at a spot, which goes into the field
        beside it that takes one; and, by the path of a ``task_field``, the id of the task which
        made it. What the dialect's page does not document is left out.
        """
        values, ids = copy.deepcopy(self.input), ids or {}
        for spot in self.spots():
            _put(values, spot, (files or {}).get(spot.path), ids.get(spot.path))
            if spot.source and (path := spot.beside(spot.source.task_field)) in ids:
                _put(values, Spot(path, ""), None, ids[path])
        body = self.operation.body(values, self.dialect)
        if self.dialect in self.operation.external_ids_on:
            body["external_task_id"] = external_task_id
        if callback_url and dialects.get(self.dialect).takes_callbacks(self.operation):
            body["callback_url"] = callback_url
        return body


def _put(values: dict[str, Any], spot: Spot, file: str | None, known_id: str | None) -> None:
    *parents, name = spot.path.split(".")
    holder: Any = values
    for part in parents:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    key: Any = int(name) if isinstance(holder, list) else name
    if known_id is not None:
        if spot.rule and spot.rule.id_field:
            del holder[key]
            key = spot.rule.id_field
        holder[key] = known_id
    else:
        text = spot.value if file is None else file
        # Kling wants Base64 without the prefix that makes a data: URI of it.
        holder[key] = text.partition(",")[2] if text[:5].lower() == "data:" else text


def parse(
    operation_name: str,
    input: Mapping[str, Any],  # noqa: A002  Kling's own word, and ours in the API
    *,
    dialect: str,
    media: Mapping[str, Media] | None = None,
    rates: Mapping[str, Decimal] | None = None,
    models: Catalogue | None = None,
    today: date | None = None,
) -> Request:
    """Checks an input and prices it. Raises InvalidInput with one error for each wrong field.

    ``media``: what is known of its files, by path; a file that is not in it goes unchecked.
    ``rates``: units of operations whose price Kling does not document; raises NotPriced for
    another such. ``today`` decides which models are retired; the current day in UTC if not given.
    """
    operation, via = operations.get(operation_name), dialects.get(dialect)
    _refuse_unserved(operation, via)
    models = models or catalogue.default()
    scope = Scope(operation, via, models, today or datetime.now(UTC).date())
    given = validate(operation, input, via)
    model = choose_model(scope, given.get("model_name"))
    known = media or {}
    values = operation.complete(with_defaults(scope, model, given), known)
    _refuse(_errors(scope, model, values, known))
    units = compute(operation, model, values, models, media=known, rates=rates or {})
    step = _step(scope, values, known)
    return Request(
        operation=operation,
        dialect=via.name,
        model=model.name if model else operation.name,
        input=values,
        units=together(units, step.units) if step else units,
        slots=operation.slots(values),
        expected_seconds=models.expected_seconds(operation.name, model),
        step=step,
    )


def _step(scope: Scope, values: Mapping[str, Any], media: Mapping[str, Media]) -> Request | None:
    first = scope.operation.step(values)
    if first is None:
        return None
    return parse(
        first.operation,
        first.input,
        dialect=scope.dialect.name,
        media=media,
        models=scope.catalogue,
        today=scope.today,
    )


def _refuse(errors: Iterator[FieldError]) -> None:
    """Two rules may find the same fault; people want to read of it once."""
    found: dict[tuple[str, str], FieldError] = {}
    for error in errors:
        found.setdefault((error.field, error.code), error)
    if found:
        raise InvalidInput(list(found.values())[:MAX_ERRORS])


def _errors(
    scope: Scope, model: Model | None, values: Mapping[str, Any], media: Mapping[str, Media]
) -> Iterator[FieldError]:
    operation, dialect = scope.operation, scope.dialect.name
    yield from capability_errors(scope, model, values)
    yield from list_errors(scope, values)
    for spot in spots(operation.Input, values):
        if found := media.get(spot.path):
            yield from media_errors(spot, found, dialect)
    yield from operation.check(values, media)
    lists = scope.catalogue.entry(operation.name).lists
    yield from operation.check_offer(values, dialect, lists)


def _refuse_unserved(operation: Operation, dialect: Dialect) -> None:
    if not dialect.serves(operation):
        message = f"{operation.name} is not available through {dialect.title}."
        raise InvalidInput([FieldError("operation", "not_offered", message)])
