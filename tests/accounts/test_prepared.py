"""A statement that the server keeps planned answers as one that it plans anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import NotSupportedError, connection, transaction

from accounts.keys import of_prefix
from billing import prices
from tests.conftest import Person

pytestmark = pytest.mark.race
PLANNED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s"


def planned(text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(PLANNED, [f"%{text}%"])
        return int(cursor.fetchone()[0])


def ask_often(person: Person) -> str:
    """Until the connection keeps the statement planned. The key's prefix."""
    prefix = person.api.key.split("_")[1]
    for _ in range(8):
        found = of_prefix(prefix)
        assert found is not None
        assert found.workspace == person.workspace
    assert planned("accounts_apikey") == 1
    return prefix


def migrate(length: int) -> None:
    """From elsewhere: what a connection alters itself, its driver has planned anew."""
    elsewhere = connection.copy()
    with closing(elsewhere), elsewhere.cursor() as cursor:
        cursor.execute(f"ALTER TABLE accounts_apikey ALTER COLUMN label TYPE varchar({length})")


@pytest.fixture
def migrated(ada: Person) -> Iterator[str]:
    """The prefix of a key whose table has changed since the statement was planned."""
    prefix = ask_often(ada)
    migrate(80)
    yield prefix
    migrate(60)


@pytest.mark.django_db
def test_only_kept_statements_are_planned_once(ada: Person) -> None:
    ask_often(ada)
    for _ in range(8):
        assert prices.begun_books().first() is not None
    assert planned("billing_pricebook") == 0


@pytest.mark.django_db(transaction=True)
def test_a_column_that_a_migration_changes_is_read_all_the_same(migrated: str) -> None:
    assert of_prefix(migrated) is not None


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_it_is_refused_and_not_asked_again(migrated: str) -> None:
    with pytest.raises(NotSupportedError), transaction.atomic():
        of_prefix(migrated)

    assert of_prefix(migrated) is not None
