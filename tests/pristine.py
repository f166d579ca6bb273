"""The database as `migrate` left it: made once, and brought back after each test that commits.

Django migrates for each test process, and afterwards flushes: it empties every table, takes every
trigger off and on again and runs all that follows a migrate. That is twelve seconds at the start
and a fifth of a second after each of two thousand tests.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from django.apps import apps
from django.core.management import call_command
from django.db import connection

COPIES = "pristine"


@contextmanager
def migrated(folder: Path) -> Iterator[None]:
    """Have the test database on SQLite begin as an earlier run has migrated it.

    A changed migration, of ours or of a library, makes another file.
    """
    if connection.vendor != "sqlite":
        yield
        return
    name, kept = connection.creation._get_test_db_name(), folder / f"{_migrations()}.sqlite3"
    # Held open: a database in memory is gone with its last connection.
    with closing(sqlite3.connect(name, uri=True)) as memory:
        if kept.exists():
            with closing(sqlite3.connect(kept)) as file:
                file.backup(memory)
        yield


def store(folder: Path) -> None:
    """Keep the migrated database for the next run, empty.

    What follows a migrate makes the first rows: of the code of that run, not of this one.
    """
    kept = folder / f"{_migrations()}.sqlite3"
    if connection.vendor != "sqlite" or kept.exists():
        return
    for old in folder.glob("*.sqlite3"):
        if old != kept:
            old.unlink(missing_ok=True)
    written = folder / uuid4().hex
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
    with closing(sqlite3.connect(written)) as file:
        connection.connection.backup(file)
    call_command("flush", interactive=False, verbosity=0)
    written.rename(kept)  # whole or not at all: another test process may look now


def keep() -> Callable[[], None] | None:
    """Copy the database; what brings the copy back, or None where that is not allowed."""
    connection.ensure_connection()
    return _keep_postgresql() if connection.vendor == "postgresql" else _keep_sqlite()


def _keep_sqlite() -> Callable[[], None]:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    connection.connection.backup(copy)

    def restore() -> None:
        connection.ensure_connection()
        copy.backup(connection.connection)

    return restore


def _keep_postgresql() -> Callable[[], None] | None:
    if not _scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        return None  # only a superuser may leave out triggers and foreign keys
    tables = sorted({*connection.introspection.table_names()} - {"django_migrations"})
    filled = [table for table in tables if _scalar(f"SELECT EXISTS (SELECT FROM {table})")]
    _run(
        f"DROP SCHEMA IF EXISTS {COPIES} CASCADE",
        f"CREATE SCHEMA {COPIES}",
        *(f"CREATE TABLE {COPIES}.{table} AS TABLE {table}" for table in filled),
    )
    back = [
        "SET LOCAL session_replication_role = replica",
        *(f"DELETE FROM {table}" for table in tables),
        *(f"INSERT INTO {table} TABLE {COPIES}.{table}" for table in filled),
    ]
    return lambda: _run(*back)


def _run(*statements: str) -> None:
    """All of them in one transaction and one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(";".join(["BEGIN", *statements, "COMMIT"]))


def _scalar(query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _migrations() -> str:
    """A digest of every migration there is, and of how its database is kept."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.name):
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
