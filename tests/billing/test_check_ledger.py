"""`manage.py check_ledger` finds what is broken, whoever broke it."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import Workspace
from billing import credits, guards
from billing.amounts import to_micro

# Each breaks the ledger of the fixture in one way, with the guards taken off.
BREAKS = {
    "account: the balance is the sum of its entries": (
        "UPDATE billing_creditaccount SET balance = balance + 1"
    ),
    "account: what is held is the sum of its open holds": (
        "UPDATE billing_creditaccount SET held = held - 1"
    ),
    "account: its entries are numbered without a gap": (
        "UPDATE billing_entry SET seq = 7 WHERE seq = 2"
    ),
    "entry: the balance after it is the running sum": (
        "UPDATE billing_entry SET balance_after = balance_after + 1 WHERE seq = 1"
    ),
    "account: the balance is what is left in its lots": (
        "UPDATE billing_lot SET remaining = remaining - 1 WHERE remaining > 1"
    ),
    "account: the debt is the sum of its entries": (
        "UPDATE billing_creditaccount SET debt = debt + 1"
    ),
    "entry: the debt after it is the running sum": (
        "UPDATE billing_entry SET debt_after = 1 WHERE seq = 2"
    ),
    "entry: what it gives is one lot, as it says": (
        "UPDATE billing_lot SET source = 'purchase' WHERE source = 'grant'"
    ),
    "entry: what it takes is drawn from lots": ("UPDATE billing_lotdraw SET amount = amount + 1"),
    "lot: what is left is what its draws left": (
        "UPDATE billing_lot SET granted = granted + 1 WHERE source = 'refund'"
    ),
    "lot: what each draw left is the running difference": (
        "UPDATE billing_lotdraw SET remaining_after = remaining_after + 1"
    ),
    "lot: only what has expired is taken as expired": (
        "UPDATE billing_entry SET kind = 'expiry', hold_id = NULL WHERE kind = 'capture'"
    ),
    "hold: what it captured is what was charged": (
        "UPDATE billing_hold SET captured = 1 WHERE state = 'captured'"
    ),
    "hold: no more is refunded than was charged": (
        "UPDATE billing_entry SET amount = 2500000 WHERE kind = 'refund'"
    ),
    "entry: a purchase has its order": (
        "UPDATE billing_entry SET kind = 'purchase' WHERE kind = 'grant'"
    ),
}


def run() -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("check_ledger", stdout=out)
    except SystemExit as left:
        return int(left.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture
def used(workspace: Workspace) -> Workspace:
    with transaction.atomic():
        credits.grant(workspace=workspace, amount=to_micro(10), key="gift", kind="grant")
        hold = credits.hold(workspace=workspace, amount=to_micro(3), key="job:1")
        credits.settle(hold=hold, amount=to_micro(2))
        credits.refund(hold=hold, amount=to_micro(1), key="refund", reason="lost")
        credits.hold(workspace=workspace, amount=to_micro(4), key="job:2")
    return workspace


def test_it_finds_nothing_in_an_empty_ledger(db: None) -> None:
    assert run() == (0, {"accounts": 0, "entries": 0, "holds": 0, "violations": []})


def test_it_counts_what_it_proved(used: Workspace) -> None:
    assert run() == (0, {"accounts": 1, "entries": 3, "holds": 2, "violations": []})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("rule", "sql"), BREAKS.items(), ids=BREAKS.keys())
def test_it_names_the_rule_that_is_broken(used: Workspace, rule: str, sql: str) -> None:
    with guards.suspended(connection), connection.cursor() as cursor:
        cursor.execute(sql)
    code, report = run()
    assert code == 1
    assert rule in {violation["rule"] for violation in report["violations"]}


@pytest.mark.django_db(transaction=True)
def test_it_finds_a_deleted_entry(used: Workspace) -> None:
    with guards.suspended(connection), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM billing_lotdraw "
            "WHERE entry_id IN (SELECT id FROM billing_entry WHERE seq = 2)"
        )
        cursor.execute("DELETE FROM billing_entry WHERE seq = 2")
    code, report = run()
    assert code == 1
    assert len(report["violations"]) >= 3


@pytest.mark.django_db(transaction=True)
def test_emptying_the_database_leaves_guards_and_prices(used: Workspace) -> None:
    call_command("flush", interactive=False, verbosity=0)
    assert run() == (0, {"accounts": 0, "entries": 0, "holds": 0, "violations": []})
    from billing import prices

    assert prices.current_book() is not None
