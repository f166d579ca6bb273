"""The control: a transfer of two movements, in one transaction or, wrongly, in two."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, ClassVar

from django.db import transaction

from accounts.models import Workspace
from billing import credits
from billing.amounts import to_micro, to_text
from tests.conftest import make_person
from tests.kills.journeys import Journey


class Transfer(Journey):
    kind = "transfer"
    start_credits = "10"
    in_one: ClassVar[bool] = True

    def prepare(self) -> None:
        super().prepare()
        make_person(f"other-{self.email}", credits="10")

    def go(self) -> None:
        with transaction.atomic() if self.in_one else nullcontext():
            self._move(self.workspace, -to_micro(4))
            self._move(self.other, to_micro(4))

    def recover(self) -> None:
        pass

    def facts(self) -> dict[str, Any]:
        there = credits.balance(self.other).balance
        return {**super().facts(), "other": to_text(there)}

    @property
    def other(self) -> Workspace:
        return Workspace.objects.get(name=f"other-{self.name}".title())

    @transaction.atomic
    def _move(self, workspace: Workspace, amount: int) -> None:
        key = f"{self.name}:{workspace.pk}"
        credits.adjust(workspace=workspace, amount=amount, key=key, reason="transfer")


class TornTransfer(Transfer):
    kind = "torn-transfer"
    in_one = False
