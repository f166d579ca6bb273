"""The ledger's rules as database triggers, so that wrong code and raw SQL cannot break them.

- Entries are only added; each one moves its account by exactly its amount, in sequence.
- A balance, a debt, a held sum and a sequence number change only as entries and holds say.
- What an entry gives becomes a lot; what it takes is drawn from lots, in the order of
  `billing.guards.lots`. Nothing else writes lots.
- A hold opens on an account without debt that is not frozen, closes once, and what it captures is
  posted. No more is ever charged for it than it held, nor given back than was charged.
- A published price book stays as it is, and so do the terms of a pack or plan that was on sale.

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
    installed, vendor = _installed(connection), GUARDS[connection.vendor]
    wanted = vendor.wanted()
    obsolete = {name: row for name, row in installed.items() if name not in wanted}
    _run(connection, vendor.remove_statements(obsolete))
    _run(connection, vendor.install_statements(installed))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take every trigger off, of whatever version: for a migration that rebuilds their tables.

    They come back once `migrate` has run to its end.
    """
    _run(connection, GUARDS[connection.vendor].remove_statements(_installed(connection)))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that are absent, switched off or of another text."""
    installed = _installed(connection)
    wanted = GUARDS[connection.vendor].wanted()
    texts = {name: text for name, (text, _) in installed.items()}
    return sorted(name for name, text in wanted.items() if texts.get(name) != text)


@contextmanager
def suspended(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """For emptying a whole database (`flush`) and nothing else."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def _installed(connection: BaseDatabaseWrapper) -> dict[str, tuple[str, str]]:
    """Name: (text, table)."""
    with connection.cursor() as cursor:
        cursor.execute(GUARDS[connection.vendor].INSTALLED)
        return {name: (text, table) for name, text, table in cursor.fetchall()}


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
