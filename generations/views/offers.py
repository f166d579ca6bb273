"""Which operations can be asked for here, and through whose eyes their form is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from generations import offering
from generations.models import ProviderAccount
from kling.operations.base import Operation


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
        return offering.schema_of(self.operation, [self.account])


def offers() -> list[Offer]:
    """In the order of the catalogue; an account that is paused only where there is no other."""
    return [Offer(one.operation, one.accounts[0]) for one in offering.offered()]
