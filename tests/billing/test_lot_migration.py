"""Balances from before there were lots are carried into lots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.models import Workspace
from billing import credits, guards, ledger
from billing.models import Lot

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("billing", "0006_price_book_start")
HISTORY = [("grant", 5), ("adjustment", 2), ("grant", 4), ("adjustment", -8), ("adjustment", -1)]


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The models as they were; everything is migrated again afterwards."""
    guards.remove(connection)
    executor = MigrationExecutor(connection)
    executor.migrate([BEFORE])
    yield executor.loader.project_state([BEFORE]).apps
    call_command("migrate", verbosity=0)


def test_it_plays_the_entries_through(workspace: Workspace, before: Any) -> None:
    account = before.get_model("billing", "CreditAccount").objects.create(
        workspace_id=workspace.pk, balance=2, last_seq=len(HISTORY)
    )
    balance = 0
    for seq, (kind, amount) in enumerate(HISTORY, 1):
        balance += amount
        before.get_model("billing", "Entry").objects.create(
            account=account,
            seq=seq,
            kind=kind,
            amount=amount,
            balance_after=balance,
            key=f"entry:{seq}",
        )
    call_command("migrate", verbosity=0)
    assert [lot.remaining for lot in Lot.objects.order_by("pk")] == [0, 0, 2]
    assert ledger.check().violations == []
    assert credits.balance(workspace).available == 2


def test_a_stop_before_the_lots_are_filled_is_no_dead_end(workspace: Workspace) -> None:
    """After each run of `migrate` the guards are back, and they let nobody write lots."""
    with transaction.atomic():
        credits.grant(workspace=workspace, amount=5, key="gift", kind="grant")
        hold = credits.hold(workspace=workspace, amount=3, key="job")
        credits.settle(hold=hold, amount=2)
    call_command("migrate", "billing", "0007", verbosity=0)
    assert not Lot.objects.exists()
    call_command("migrate", verbosity=0)
    assert [lot.remaining for lot in Lot.objects.all()] == [3]
    assert ledger.check().violations == []
    assert guards.missing(connection) == []
