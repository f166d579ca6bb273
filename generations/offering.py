"""What can be asked for here: the operations that our accounts serve and that have a price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from billing import prices
from generations.errors import InvalidRequest
from generations.models import ProviderAccount
from kling import catalogue, operations
from kling.errors import FieldError
from kling.operations.base import Operation
from kling.schema import input_schema


@dataclass(frozen=True)
class Offering:
    """An operation and the accounts that serve it, in the order in which they are asked.

    Accounts that are paused stand behind the others: what they alone serve may be back soon.
    """

    operation: Operation
    accounts: tuple[ProviderAccount, ...]

    @property
    def providers(self) -> list[str]:
        """Dialects, each once."""
        return list(dict.fromkeys(account.dialect for account in self.accounts))

    def schema(self) -> dict[str, Any]:
        return schema_of(self.operation, self.accounts)


def offered() -> list[Offering]:
    """In the order of the catalogue, without what is only a step of another operation."""
    enabled = ProviderAccount.objects.filter(enabled=True).order_by("priority", "pk")
    accounts = sorted(enabled, key=lambda account: not account.is_usable)
    found = []
    for operation in operations.all_operations():
        serving = tuple(account for account in accounts if serves(account, operation))
        if serving and operation.listed:
            found.append(Offering(operation, serving))
    return _priced(found)


def listed() -> list[Operation]:
    """Operations that are sold by themselves, whether anybody serves them now or not."""
    return [operation for operation in operations.all_operations() if operation.listed]


def serves(account: ProviderAccount, operation: Operation) -> bool:
    """Whether the account has the operation at all: its dialect does, and a model is left of it."""
    if not catalogue.default().offers(operation, account.dialect, _today()):
        return False
    if not operation.has_models:
        return not account.has_disabled(operation.name, operation.name)
    models = catalogue.default().offered(operation.name, account.dialect, _today())
    return any(not account.has_disabled(operation.name, model.name) for model in models)


def is_priced_by_operator(operation: Operation) -> bool:
    return catalogue.default().entry(operation.name).priced_by == "operator"


def unpriced(operation: Operation) -> InvalidRequest:
    """The refusal of what is served and has no price: only the operator can change that."""
    message = f"{operation.name} has no price here, so it is not available."
    return InvalidRequest([FieldError("operation", "not_offered", message)])


def names_to_disable() -> set[str]:
    """What may stand in ProviderAccount.disabled_models."""
    models = catalogue.default().models
    names = {operation.name for operation in operations.all_operations()}
    return names | {one.name for one in models} | {f"{one.operation}/{one.name}" for one in models}


def schema_of(operation: Operation, accounts: Sequence[ProviderAccount]) -> dict[str, Any]:
    """JSON Schema of an input that one of these accounts takes (kling.schema.input_schema)."""
    dialects = list(dict.fromkeys(account.dialect for account in accounts))
    schema = input_schema(operation, dialects)
    if any(account.disabled_models for account in accounts) and "x-models" in schema:
        _leave_out_disabled(schema, operation.name, accounts)
    return schema


def _leave_out_disabled(
    schema: dict[str, Any], operation: str, accounts: Sequence[ProviderAccount]
) -> None:
    schema["x-models"] = [
        row
        for row in schema["x-models"]
        if any(
            account.dialect in row["dialects"] and not account.has_disabled(operation, row["name"])
            for account in accounts
        )
    ]
    names = [row["name"] for row in schema["x-models"]]
    field = schema["properties"]["model_name"]
    field["enum"] = names
    if field.get("default") not in names:
        field.pop("default", None)


def _priced(found: list[Offering]) -> list[Offering]:
    if not any(is_priced_by_operator(one.operation) for one in found):
        return found
    rates = prices.rates()
    return [
        one
        for one in found
        if one.operation.name in rates or not is_priced_by_operator(one.operation)
    ]


def _today() -> date:
    return datetime.now(UTC).date()
