"""What must be so before anything is served: database, static files, provider accounts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def prepare_database(say: Callable[[str], None]) -> None:
    """Bring schema, the code's own data and the provider accounts up to date; safe to repeat."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Migrating the database …")
        call_command("migrate", verbosity=0, interactive=False)
    else:
        # Prices, plans and schedules are data of the code: they change without a migration.
        emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    call_command("createcachetable", verbosity=0)
    call_command("sync_provider_accounts", stdout=StringIO())


def prepare_static_files(say: Callable[[str], None]) -> None:
    """Collect the static files, if they have changed since.

    In development whitenoise serves the sources themselves.
    """
    if settings.DEVELOPMENT:
        return
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    state = _sources()
    if stamp.exists() and stamp.read_text() == state:
        return
    say("Collecting static files …")
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(state)


def _sources() -> str:
    """A digest of all static files' names, sizes and times."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            facts = Path(storage.path(name)).stat()
            digest.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
