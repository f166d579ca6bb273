"""The account of a workspace: what it has, and whether it may spend."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Workspace
from billing.credits.posting import require_transaction
from billing.errors import AccountFrozen, InDebt
from billing.models import CreditAccount


@dataclass(frozen=True)
class Balance:
    """In micro-credits; `frozen` is why no new job may start, empty if it may."""

    balance: int = 0
    held: int = 0
    debt: int = 0
    frozen: str = ""

    @property
    def available(self) -> int:
        return self.balance - self.held

    @property
    def refusal(self) -> str:
        """Why no new job can start, whatever it costs; empty if one can."""
        if self.frozen:
            return str(AccountFrozen(self.frozen))
        if self.debt:
            return str(InDebt(needed=0, available=self.available, debt=self.debt))
        return ""


def account_of(workspace: Workspace) -> CreditAccount:
    """The account of a workspace, made at the first look."""
    account, _ = CreditAccount.objects.get_or_create(workspace=workspace)
    return account


def balance(workspace: Workspace) -> Balance:
    fields = ("balance", "held", "debt", "frozen")
    row = CreditAccount.objects.filter(workspace=workspace).values_list(*fields).first()
    return Balance() if row is None else Balance(*row)


def freeze(*, workspace: Workspace, reason: str) -> None:
    """Let no new hold open; running jobs end as they would. `reason` is shown to the customer."""
    if not reason:
        raise ValueError("An account is frozen for a reason.")
    require_transaction()
    CreditAccount.objects.filter(pk=account_of(workspace).pk).update(frozen=reason[:200])


def unfreeze(*, workspace: Workspace) -> None:
    """Let holds open again."""
    require_transaction()
    CreditAccount.objects.filter(workspace=workspace).update(frozen="")
