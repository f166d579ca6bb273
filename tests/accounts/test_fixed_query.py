"""A statement that is kept must give what the ORM gives that writes it anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from accounts.fixed_query import FixedQuery
from accounts.keys import of_prefix
from accounts.models import ApiKey, Membership, Workspace
from billing import prices
from billing.models import PriceBook
from generations.models import ProviderAccount
from generations.routing import ENABLED_ACCOUNTS
from tests.conftest import Person, make_account

Counted = Callable[..., Any]


def columns(row: Model | None) -> dict[str, Any]:
    assert row is not None
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def parts(key: ApiKey | None) -> list[dict[str, Any]]:
    assert key is not None
    return [columns(key), columns(key.workspace), columns(key.workspace.plan)]


def test_a_key_comes_whole_with_workspace_and_plan(
    ada: Person, django_assert_num_queries: Counted
) -> None:
    prefix = ada.api.key.split("_")[1]
    expires_at = timezone.now() + timedelta(days=3)
    ApiKey.objects.filter(prefix=prefix).update(expires_at=expires_at, scopes=["read"])
    expected = ApiKey.objects.select_related("workspace__plan").get(prefix=prefix)

    with django_assert_num_queries(1):
        assert parts(of_prefix(prefix)) == parts(expected)
    assert of_prefix(prefix) == expected


def test_a_key_is_read_anew_at_each_call(ada: Person) -> None:
    prefix = ada.api.key.split("_")[1]
    assert of_prefix(prefix) is not None
    ApiKey.objects.filter(prefix=prefix).update(revoked_at=timezone.now())
    Workspace.objects.filter(pk=ada.workspace.pk).update(name="Renamed")

    found = of_prefix(prefix)

    assert found is not None
    assert not found.is_usable
    assert found.workspace.name == "Renamed"


def test_an_unknown_prefix_finds_nothing(ada: Person) -> None:
    assert of_prefix("0000000000") is None


def test_what_it_found_can_be_saved(ada: Person) -> None:
    prefix = ada.api.key.split("_")[1]
    found = of_prefix(prefix)
    assert found is not None
    found.label = "Another"
    found.save()
    assert ApiKey.objects.get(prefix=prefix).label == "Another"
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    "rows",
    [
        lambda: Membership.objects.defer("role").select_related("user", "workspace"),
        lambda: Membership.objects.select_related("workspace"),
        lambda: Membership.objects.select_related("user", "workspace").order_by("pk"),
    ],
    ids=["deferred", "not joined", "in another order"],
)
def test_it_refuses_to_mix_columns_up(ada: Person, rows: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="whole rows"):
        FixedQuery(rows, joined=("user", "workspace")).rows()


def test_accounts_come_whole_and_in_order(db: None) -> None:
    account = make_account("https://comet.example", dialect="cometapi")
    common = {"dialect": "official", "base_url": "https://kling.example"}
    ProviderAccount.objects.create(slug="last", priority=900, unit_cost="0.125", **common)
    ProviderAccount.objects.create(slug="first", priority=0, disabled_models=["a/b"], **common)
    ProviderAccount.objects.create(slug="off", enabled=False, **common)
    expected = ProviderAccount.objects.filter(enabled=True).order_by("priority", "pk")

    found = ENABLED_ACCOUNTS.rows()

    assert [one.slug for one in found] == ["first", account.slug, "last"]
    assert [columns(one) for one in found] == [columns(one) for one in expected]


@pytest.mark.parametrize("hours", [-1, 1])
def test_the_book_in_force_is_the_newest_that_has_begun(db: None, hours: int) -> None:
    before = prices.current_book()
    assert before is not None
    assert columns(before) == columns(prices.begun_books().first())
    draft = prices.draft_from(before)
    PriceBook.objects.filter(pk=draft.pk).update(valid_from=timezone.now() + timedelta(hours=hours))
    assert prices.current_book() == before

    later = prices.publish(draft)

    assert prices.current_book() == (later if hours < 0 else before)
