"""Does the version before go on beside a migration? Both run at once while one replaces the other.

What is written here of migrations holds for PostgreSQL: only there do several machines run.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

from tests.installation import ROOT

pytestmark = [pytest.mark.race, pytest.mark.django_db]

# The last ones that nobody had a version before, which could have run beside them.
BEFORE_ANY_RELEASE = {
    "accounts": "0006_retention",
    "billing": "0018_subscription_per_account",
    "generations": "0017_lost_units",
    "webhooks": "0001_initial",
    "worker": "0003_index_the_queue",
}


def breaks(app: str, name: str) -> bool:
    """Whether code that does not know the migration fails once it is applied."""
    linter = MigrationLinter(str(ROOT), no_cache=True, no_output=True, analyser_string="postgresql")
    linter.lint_all_migrations(app, name)
    assert linter.nb_total == 1
    return bool(linter.has_errors)


def test_no_migration_breaks_the_version_before() -> None:
    ours = [
        (app, name)
        for app, name in MigrationLoader(connection).disk_migrations
        if app in BEFORE_ANY_RELEASE and name > BEFORE_ANY_RELEASE[app]
    ]
    assert [migration for migration in ours if breaks(*migration)] == []


def test_one_that_would_is_seen() -> None:
    """The control: it adds a column that has to be filled, and older code does not fill it."""
    assert breaks("generations", "0017_lost_units")
