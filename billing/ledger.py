"""Proves the ledger from its rows alone: what must hold between accounts, holds and entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from billing import guards, ledger_rules
from billing.models import CreditAccount, Entry, Hold

ORDERS = {
    "order: it is paid if and only if it was credited, with its credits": """
        SELECT o.id, coalesce(e.amount, 0), o.credits FROM billing_order o
        LEFT JOIN billing_creditaccount a ON a.workspace_id = o.workspace_id
        LEFT JOIN billing_entry e ON e.key = 'order:' || o.public_id || ':purchase'
        WHERE (o.state = 'paid') <> (e.id IS NOT NULL)
        OR (e.id IS NOT NULL AND (e.amount <> o.credits OR e.account_id <> a.id
            OR e.kind <> 'purchase'))""",
    "entry: a purchase has its order": """
        SELECT e.id, e.amount, 0 FROM billing_entry e WHERE e.kind = 'purchase' AND NOT EXISTS (
            SELECT 1 FROM billing_order o WHERE e.key = 'order:' || o.public_id || ':purchase')""",
}

RULES = (
    ledger_rules.ACCOUNTS | ledger_rules.ENTRIES | ledger_rules.LOTS | ledger_rules.HOLDS | ORDERS
)


@dataclass(frozen=True)
class Report:
    accounts: int
    entries: int
    holds: int
    violations: list[dict[str, Any]]


def check() -> Report:
    """One consistent look at the whole ledger. Takes as long as reading every entry does."""
    with transaction.atomic():
        if connection.vendor == "postgresql" and not _nested():
            # Else a job settled between two of the queries would look like a violation.
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return Report(
            accounts=CreditAccount.objects.count(),
            entries=Entry.objects.count(),
            holds=Hold.objects.count(),
            violations=list(_violations()),
        )


def _nested() -> bool:
    return len(connection.savepoint_ids) > 0 or len(connection.atomic_blocks) > 1


def _violations() -> Iterator[dict[str, Any]]:
    for name in guards.missing(connection):
        yield {"rule": "database: every guard is installed", "missing": name}
    for rule, query in RULES.items():
        with connection.cursor() as cursor:
            cursor.execute(query)
            for row_id, found, expected in cursor.fetchall():
                yield {
                    "rule": rule,
                    "id": row_id,
                    "found": _number(found),
                    "expected": _number(expected),
                }


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
