"""What a kept statement writes is what the ORM would have written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.fixed_writes import insert, insert_unless_taken, update
from accounts.models import ApiKey
from generations.models import ProviderAccount
from tests.conftest import Person

Counted = Callable[..., Any]


def columns(row: Model) -> dict[str, Any]:
    fields = {field.attname for field in row._meta.concrete_fields} - {"id", "slug", "created_at"}
    return {name: getattr(row, name) for name in fields}


def account(slug: str, **values: Any) -> ProviderAccount:
    common = {"dialect": "official", "base_url": "https://kling.example", "unit_cost": "0.125"}
    return ProviderAccount(slug=slug, disabled_models=["a/b"], **common, **values)


def insert_both(*slugs: str) -> None:
    for slug in slugs:
        insert(account(slug))


def key_of(person: Person, prefix: str) -> ApiKey:
    return ApiKey(workspace=person.workspace, label="Two", prefix=prefix, digest="0" * 64)


def test_it_inserts_what_the_orm_does(db: None, django_assert_num_queries: Counted) -> None:
    account("by-the-orm").save()
    ours = account("ours")
    with django_assert_num_queries(1):
        insert(ours)

    assert not ours._state.adding
    stored = ProviderAccount.objects.get(slug="ours")
    assert stored == ours
    assert columns(stored) == columns(ProviderAccount.objects.get(slug="by-the-orm"))
    ours.base_url = "https://kling.example/other"
    ours.save()
    assert ProviderAccount.objects.count() == 2


def test_the_database_refuses_as_ever_and_nothing_is_committed(db: None) -> None:
    account("one").save()
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_both("two", "one")
    assert [one.slug for one in ProviderAccount.objects.all()] == ["one"]


def test_who_catches_a_refusal_cannot_commit_the_rest(db: None) -> None:
    account("one").save()
    with transaction.atomic():
        account("two").save()
        with pytest.raises(IntegrityError):
            insert(account("one"))
        assert connection.needs_rollback
        transaction.set_rollback(True)
    assert [one.slug for one in ProviderAccount.objects.all()] == ["one"]


def test_what_is_taken_is_left_as_it_is(ada: Person) -> None:
    assert insert_unless_taken(key_of(ada, "0123456789"), "prefix")
    again = key_of(ada, "0123456789")
    again.label = "Another"

    assert not insert_unless_taken(again, "prefix")
    assert again.pk is None
    assert ApiKey.objects.get(prefix="0123456789").label == "Two"


def test_it_updates_what_the_orm_does(db: None, django_assert_num_queries: Counted) -> None:
    for slug in ("by-the-orm", "ours", "left"):
        account(slug).save()
    changes = {"base_url": "https://kling.example/new", "unit_cost": Decimal("0.25")}
    changes |= {"disabled_models": ["c/d"], "paused_at": timezone.now(), "enabled": False}
    where = {"slug": "ours", "paused_at": None, "enabled": True}
    ProviderAccount.objects.filter(slug="by-the-orm").update(**changes)
    with django_assert_num_queries(1):
        assert update(ProviderAccount, changes, where=where) == 1

    stored = {one.slug: columns(one) for one in ProviderAccount.objects.all()}
    assert stored["ours"] == stored["by-the-orm"]
    assert stored["left"]["base_url"] == "https://kling.example"
    assert update(ProviderAccount, changes, where=where) == 0, "it is paused by now"


def test_a_row_stands_for_its_key(ada: Person, charlie: Person) -> None:
    made = key_of(ada, "0123456789")
    made.save()
    changes = {"workspace": charlie.workspace, "label": "Moved", "created_by": None}
    assert update(ApiKey, changes, where={"id": made.pk, "workspace": charlie.workspace}) == 0
    assert update(ApiKey, changes, where={"id": made.pk, "workspace": ada.workspace}) == 1
    made.refresh_from_db()
    assert (made.workspace, made.label, made.created_by) == (charlie.workspace, "Moved", None)
