"""The ledger's rules as database triggers, so that wrong code and raw SQL cannot break them.

- Entries are only added; each one moves its account by exactly its amount, in sequence.
- A balance, a held sum and a sequence number change only as entries and holds say.
- A hold opens with the credits it names, closes once, and what it captures is posted.
- A published price book stays as it is, and so do the terms of a pack that was on sale.

SQLite drops a table's triggers when a migration rebuilds the table, therefore `install` runs
after each `migrate`, and `missing` is asked by the system check and by `check_ledger`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

from billing.guards import postgresql, sqlite

__all__ = ["install", "missing", "remove", "suspended"]

GUARDS = {"postgresql": postgresql, "sqlite": sqlite}


def install(connection: BaseDatabaseWrapper) -> None:
    """Bring every trigger to the text of this version. Safe to repeat."""
    _run(connection, GUARDS[connection.vendor].install_statements(_installed(connection)))


def remove(connection: BaseDatabaseWrapper) -> None:
    _run(connection, GUARDS[connection.vendor].remove_statements(_installed(connection)))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that are absent, switched off or of another text."""
    installed = _installed(connection)
    wanted = GUARDS[connection.vendor].wanted()
    return sorted(name for name, text in wanted.items() if installed.get(name) != text)


@contextmanager
def suspended(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """For emptying a whole database (`flush`) and nothing else."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def _installed(connection: BaseDatabaseWrapper) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(GUARDS[connection.vendor].INSTALLED)
        return dict(cursor.fetchall())


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
