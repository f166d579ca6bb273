"""Proves the ledger from its rows alone: what must hold between accounts, holds and entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from billing import guards, ledger_rules, order_rules
from billing.models import CreditAccount, Entry, Hold

RULES = (
    ledger_rules.ACCOUNTS
    | ledger_rules.ENTRIES
    | ledger_rules.LOTS
    | ledger_rules.HOLDS
    | order_rules.ORDERS
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
