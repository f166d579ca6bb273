"""An access key and its secret, made on the key page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from accounts.models import ApiKey, User
from tests.conftest import Api, Person

FORM = {"label": "Old program", "scopes": ["read", "write"], "expires_at": "never"}

pytestmark = pytest.mark.django_db


def create(person: Person, kind: str = "pair") -> Any:
    return person.browser.post("/settings/keys", {**FORM, "kind": kind})


def shown(response: Any) -> tuple[str, str]:
    """(access key, secret) on the page."""
    page = response.content.decode()
    [access_key] = re.findall(r'id="access-key">(\w+)<', page)
    [secret] = re.findall(r'id="secret">(\w+)<', page)
    return access_key, secret


def newest(person: Person) -> ApiKey:
    return person.workspace.api_keys.order_by("-pk")[0]


def test_it_shows_the_secret_once(ada: Person) -> None:
    created = create(ada)
    access_key, secret = shown(created)
    later = ada.browser.get("/settings/keys").content.decode()

    assert (created.status_code, access_key) == (201, newest(ada).access_key)
    assert "no-store" in created["Cache-Control"]
    assert access_key in later
    assert secret not in later


def test_it_keeps_the_secret_sealed(ada: Person) -> None:
    _, secret = shown(create(ada))
    row = ApiKey.objects.filter(pk=newest(ada).pk).values().get()

    assert secret not in str(row)
    assert row["digest"] == ""


def test_its_halves_are_no_api_key(ada: Person) -> None:
    access_key, secret = shown(create(ada))
    for text in (secret, access_key, f"ks_{newest(ada).prefix}_{secret}"):
        assert Api(text).get("/credits").status_code == 401


def test_it_makes_an_api_key_where_no_kind_is_said(ada: Person) -> None:
    created = ada.browser.post("/settings/keys", FORM)

    assert created.status_code == 201
    assert not newest(ada).is_pair


def test_it_refuses_an_unknown_kind(ada: Person) -> None:
    before = ApiKey.objects.count()

    assert create(ada, kind="password").status_code == 422
    assert ApiKey.objects.count() == before


def test_the_admin_shows_no_secret(ada: Person) -> None:
    create(ada)
    key, operator = newest(ada), Client()
    operator.force_login(User.objects.create_superuser("root@example.com", "a-long-passphrase"))
    page = operator.get(f"/admin/accounts/apikey/{key.pk}/change/").content.decode()

    assert key.prefix in page
    assert key.sealed_secret not in page


@pytest.mark.parametrize("kept", [{}, {"digest": "x" * 64, "sealed_secret": "sealed"}])
def test_a_key_has_one_form(ada: Person, kept: dict[str, str]) -> None:
    with pytest.raises(IntegrityError):
        ApiKey.objects.create(workspace=ada.workspace, label="x", prefix="AAAAAAAAAA", **kept)
