"""A request as the provider will get it, and what it will cost in Kling units.

``parse`` is the one door: page, API, simulator and dispatcher come through it, so what was
checked and priced is what is sent. Parsing the ``input`` of a Request again gives an equal one.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from kling import catalogue, dialects, operations
from kling.capabilities import Scope, capability_errors, choose_model, with_defaults
from kling.catalogue import Catalogue
from kling.dialects import Dialect
from kling.errors import FieldError, InvalidInput
from kling.operations.base import Operation
from kling.units import Units, compute
from kling.validation import MAX_ERRORS, validate


@dataclass(frozen=True)
class Request:
    """A checked request. ``input`` is JSON-able and has every value that the price depends on.

    ``model`` is the operation's name where Kling has no models to choose from. ``slots`` is how
    many parallel tasks it takes; ``expected_seconds`` the usual time to a result.
    """

    operation: Operation
    dialect: str
    model: str
    input: dict[str, Any]
    units: Units
    slots: int
    expected_seconds: float

    def wire_body(
        self, *, external_task_id: str, callback_url: str | None = None
    ) -> dict[str, Any]:
        """The JSON body of the create call, with Kling's own names.

        ``callback_url`` is left out where the dialect's page does not document it.
        """
        body = copy.deepcopy(self.input)
        body["external_task_id"] = external_task_id
        if callback_url and dialects.get(self.dialect).takes_callbacks(self.operation):
            body["callback_url"] = callback_url
        return body


def parse(
    operation_name: str,
    input: Mapping[str, Any],  # noqa: A002  Kling's own word, and ours in the API
    *,
    dialect: str,
    models: Catalogue | None = None,
    today: date | None = None,
) -> Request:
    """Checks an input and prices it. Raises InvalidInput with one error for each wrong field.

    ``today`` decides which models are retired; the current day in UTC if not given.
    """
    operation, via = operations.get(operation_name), dialects.get(dialect)
    _refuse_unserved(operation, via)
    models = models or catalogue.default()
    scope = Scope(operation, via, models, today or datetime.now(UTC).date())
    given = validate(operation, input, via)
    model = choose_model(scope, given.get("model_name"))
    values = with_defaults(scope, model, given)
    errors = [*capability_errors(scope, model, values), *operation.check(values)]
    if errors:
        raise InvalidInput(errors[:MAX_ERRORS])
    return Request(
        operation=operation,
        dialect=via.name,
        model=model.name if model else operation.name,
        input=values,
        units=compute(operation, model, values, models),
        slots=operation.slots(values),
        expected_seconds=models.expected_seconds(operation.name, model),
    )


def _refuse_unserved(operation: Operation, dialect: Dialect) -> None:
    if not dialect.serves(operation):
        message = f"{operation.name} is not available through {dialect.title}."
        raise InvalidInput([FieldError("operation", "not_offered", message)])
