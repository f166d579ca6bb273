"""Holds and settlements a second, against the same rows committed by bare SQL.

The baseline writes into tables of the same columns without triggers, by SQL of its own through
Django's cursor: what this PostgreSQL can commit. Both run in threads, in turns, so that a busy
neighbour slows both.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import connection, transaction

from bench.inside import run_inside

if TYPE_CHECKING:
    from billing.models import Hold

CLIENTS = 8
EACH = int(os.environ.get("BENCH_HOLDS", "50"))  # holds and settlements, per client and round
ROUNDS = 3
AMOUNT, CHARGE = 250_000, 200_000
MANY = 100
GOAL, GOAL_HOLDS = 0.3, 100  # ratio with a hundred accounts; holds a second on one

TABLES = ("creditaccount", "hold", "entry", "lot", "lotdraw")
Job = Callable[[int], object]  # on the account of that workspace


def run() -> bool | None:
    return run_inside("ledger", needs_postgresql=True)


def inside() -> bool:
    accounts = _accounts()
    measured: list[tuple[str, Job, list[int]]] = [
        ("one", _product, accounts[:1]),
        ("bare one", _bare, accounts[:1]),
        ("many", _product, accounts),
        ("bare many", _bare, accounts),
        ("holds on one", _hold, accounts[1:2]),
    ]
    rates: dict[str, list[float]] = {name: [] for name, _, _ in measured}
    for _ in range(ROUNDS):
        for name, job, chosen in measured:
            rates[name].append(_rate(job, chosen))
    return _report({name: sorted(found)[ROUNDS // 2] for name, found in rates.items()})


def _rate(job: Job, accounts: list[int]) -> float:
    """Jobs a second, all clients together."""

    def client(number: int) -> None:
        for turn in range(EACH):
            job(accounts[(number * EACH + turn) % len(accounts)])
        connection.close()

    began = perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    return CLIENTS * EACH / (perf_counter() - began)


def _accounts() -> list[int]:
    """Workspaces with more credits than the rounds take; their ids."""
    from accounts.models import Plan, Workspace
    from billing import credits

    plan, found = Plan.objects.get(slug="unlimited"), []
    for number in range(MANY):
        workspace = Workspace.objects.create(name=f"Bench {number}", plan=plan)
        with transaction.atomic():
            credits.grant(workspace=workspace, amount=10**12, key=uuid4().hex, kind="grant")
        found.append(workspace.pk)
    _copy_tables()
    return found


def _copy_tables() -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE billing_{table} INCLUDING ALL)")
            cursor.execute(f"INSERT INTO bare_{table} TABLE billing_{table}")
            # Ids that continue the copied ones.
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), "
                "greatest(1, (SELECT count(*) FROM billing_lot)))",
                [f"bare_{table}"],
            )


def _hold(workspace_id: int) -> Hold:
    from accounts.models import Workspace
    from billing import credits

    with transaction.atomic():
        return credits.hold(workspace=Workspace(pk=workspace_id), amount=AMOUNT, key=uuid4().hex)


def _product(workspace_id: int) -> None:
    from billing import credits

    hold = _hold(workspace_id)
    with transaction.atomic():
        credits.settle(hold=hold, amount=CHARGE)


HOLD = (
    """UPDATE bare_creditaccount SET held = held + %(amount)s
    WHERE workspace_id = %(workspace)s AND balance - held >= %(amount)s
    RETURNING id AS account""",
    """INSERT INTO bare_hold (account_id, reference, amount, state, captured, reason, created_at)
    VALUES (%(account)s, %(key)s, %(amount)s, 'open', 0, '', now()) RETURNING id AS hold""",
)
SETTLE = (
    """UPDATE bare_creditaccount SET held = held - %(amount)s, balance = balance - %(charge)s,
    last_seq = last_seq + 1 WHERE id = %(account)s RETURNING last_seq AS seq, balance""",
    """UPDATE bare_hold SET state = 'captured', captured = %(charge)s, closed_at = now()
    WHERE id = %(hold)s AND state = 'open' RETURNING id AS hold""",
    """INSERT INTO bare_entry (account_id, seq, kind, amount, debt, balance_after, debt_after, key,
    hold_id, note, created_at) VALUES (%(account)s, %(seq)s, 'capture', -%(charge)s, 0,
    %(balance)s, 0, %(key)s, %(hold)s, '', now()) RETURNING id AS entry""",
    """UPDATE bare_lot SET remaining = remaining - %(charge)s WHERE account_id = %(account)s
    RETURNING id AS lot, remaining""",
    """INSERT INTO bare_lotdraw (entry_id, lot_id, amount, remaining_after)
    VALUES (%(entry)s, %(lot)s, %(charge)s, %(remaining)s) RETURNING id AS draw""",
)


def _bare(workspace_id: int) -> None:
    """One statement a row, each in the transaction in which the product writes it."""
    values: dict[str, Any] = {
        "amount": AMOUNT,
        "charge": CHARGE,
        "workspace": workspace_id,
        "key": uuid4().hex,
    }
    for statements in (HOLD, SETTLE):
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, values)
                names = [column.name for column in cursor.description]
                values |= dict(zip(names, cursor.fetchone(), strict=True))


def _report(rates: dict[str, float]) -> bool:
    out = sys.stdout.write
    out(f"holds with their settlements, {CLIENTS} clients, median of {ROUNDS} rounds\n")
    for accounts, name in ((1, "one"), (MANY, "many")):
        product, bare = rates[name], rates[f"bare {name}"]
        out(f"{accounts:4} accounts: {product:6.0f} a second, bare SQL {bare:6.0f}: ")
        out(f"{product / bare:.2f} of it\n")
    ratio = rates["many"] / rates["bare many"]
    holds = rates["holds on one"]
    out(f"holds alone, on one account: {holds:.0f} a second\n")
    out(f"goals: {GOAL} of bare SQL with {MANY} accounts, {GOAL_HOLDS} holds a second on one\n")
    return ratio >= GOAL and holds >= GOAL_HOLDS
