"""Proves the ledger from its rows alone: what must hold between accounts, holds and entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from billing import guards
from billing.models import CreditAccount, Entry, Hold

# Each query returns the rows that break its rule: (account or hold or entry id, found, expected).
RULES = {
    "account: the balance is the sum of its entries": """
        SELECT a.id, a.balance, coalesce(sum(e.amount), 0) FROM billing_creditaccount a
        LEFT JOIN billing_entry e ON e.account_id = a.id
        GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(e.amount), 0)""",
    "account: what is held is the sum of its open holds": """
        SELECT a.id, a.held, coalesce(sum(h.amount), 0) FROM billing_creditaccount a
        LEFT JOIN billing_hold h ON h.account_id = a.id AND h.state = 'open'
        GROUP BY a.id, a.held HAVING a.held <> coalesce(sum(h.amount), 0)""",
    "account: no more is held than is there": """
        SELECT id, held, balance FROM billing_creditaccount
        WHERE held < 0 OR held > balance""",
    "account: its entries are numbered without a gap": """
        SELECT a.id, a.last_seq, count(e.id) FROM billing_creditaccount a
        LEFT JOIN billing_entry e ON e.account_id = a.id GROUP BY a.id, a.last_seq
        HAVING a.last_seq <> count(e.id) OR a.last_seq <> coalesce(max(e.seq), 0)
        OR coalesce(min(e.seq), 1) <> 1""",
    "entry: the balance after it is the running sum": """
        SELECT id, balance_after, running FROM (
            SELECT id, balance_after,
            sum(amount) OVER (PARTITION BY account_id ORDER BY seq) AS running
            FROM billing_entry) AS r
        WHERE balance_after <> running OR balance_after < 0""",
    "entry: its sign and its hold follow from its kind": """
        SELECT id, amount, hold_id FROM billing_entry WHERE NOT (
            (kind IN ('purchase', 'grant') AND amount > 0 AND hold_id IS NULL)
            OR (kind = 'refund' AND amount > 0 AND hold_id IS NOT NULL)
            OR (kind = 'capture' AND amount < 0 AND hold_id IS NOT NULL)
            OR (kind = 'adjustment' AND amount <> 0))""",
    "entry: its hold is of the same account": """
        SELECT e.id, h.account_id, e.account_id FROM billing_entry e
        JOIN billing_hold h ON h.id = e.hold_id WHERE h.account_id <> e.account_id""",
    "hold: what it captured is what was charged": """
        SELECT h.id, h.captured, coalesce(-sum(e.amount), 0) FROM billing_hold h
        LEFT JOIN billing_entry e ON e.hold_id = h.id AND e.kind = 'capture'
        GROUP BY h.id, h.captured HAVING h.captured <> coalesce(-sum(e.amount), 0)
        OR count(e.id) > 1""",
    "hold: no more is refunded than was charged": """
        SELECT h.id, coalesce(sum(e.amount), 0), h.captured FROM billing_hold h
        JOIN billing_entry e ON e.hold_id = h.id AND e.kind = 'refund'
        GROUP BY h.id, h.captured HAVING sum(e.amount) > h.captured""",
    "hold: it is open, or closed with a result within its amount": """
        SELECT id, captured, amount FROM billing_hold WHERE NOT (
            (state = 'open' AND captured = 0 AND closed_at IS NULL)
            OR (state = 'released' AND captured = 0 AND closed_at IS NOT NULL)
            OR (state = 'captured' AND captured > 0 AND captured <= amount
                AND closed_at IS NOT NULL)) OR amount < 0""",
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
