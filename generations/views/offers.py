"""Which operations can be asked for here, and through whose eyes their form is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generations.models import ProviderAccount
from kling import dialects, operations
from kling.operations.base import Operation
from kling.schema import input_schema


@dataclass(frozen=True)
class Offer:
    """An operation and the account that would serve it now; without one it waits for one."""

    operation: Operation
    account: ProviderAccount

    @property
    def name(self) -> str:
        return self.operation.name

    @property
    def is_open(self) -> bool:
        return self.account.paused_at is None

    @property
    def schema(self) -> dict[str, Any]:
        return input_schema(self.operation, self.account.dialect)


def offers() -> list[Offer]:
    """In the order of the catalogue; an account that is paused only where there is no other."""
    accounts = sorted(
        ProviderAccount.objects.filter(enabled=True).order_by("priority", "pk"),
        key=lambda account: account.paused_at is not None,
    )
    found = []
    for operation in operations.all_operations():
        serving = [one for one in accounts if dialects.get(one.dialect).serves(operation)]
        if serving:
            found.append(Offer(operation, serving[0]))
    return found
