from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import ApiKey, AuditEvent, Role
from tests.accounts.conftest import join
from tests.conftest import Api, Person

FORM = {"label": "Render farm", "scopes": ["read", "write"], "expires_at": "never"}


def create(person: Person, **changes: object) -> Any:
    return person.browser.post("/settings/keys", {**FORM, **changes})


def secret_in(response: Any) -> str:
    (secret,) = re.findall(r"ks_\w+_\w+", response.content.decode())
    return secret


def newest(person: Person) -> ApiKey:
    return person.workspace.api_keys.order_by("-pk")[0]


def test_it_shows_the_secret_once(ada: Person) -> None:
    created = create(ada)
    secret = secret_in(created)
    later = ada.browser.get("/settings/keys")

    assert created.status_code == 201
    assert "no-store" in created["Cache-Control"]
    assert "Render farm" in later.content.decode()
    assert secret not in later.content.decode()
    assert Api(secret).get("/credits").status_code == 200


def test_it_keeps_only_a_hash_of_the_secret(ada: Person) -> None:
    secret = secret_in(create(ada)).rpartition("_")[2]

    assert newest(ada).digest == hashlib.sha256(secret.encode()).hexdigest()


def test_it_notes_who_made_the_key(ada: Person) -> None:
    create(ada)
    event = AuditEvent.objects.filter(action="key.created").first()

    assert event.user == ada.user
    assert event.workspace == ada.workspace
    assert event.detail == {
        "key": newest(ada).prefix,
        "label": "Render farm",
        "scopes": ["read", "write"],
    }


def test_it_sets_an_end(ada: Person) -> None:
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        ada.browser.force_login(ada.user)
        create(ada, expires_at="30")

    assert newest(ada).expires_at == datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "changes",
    [
        {"label": ""},
        {"label": "x" * 61},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"expires_at": "3"},
        {"expires_at": ""},
    ],
)
def test_it_refuses_what_makes_no_sense(ada: Person, changes: dict[str, object]) -> None:
    response = create(ada, **changes)

    assert response.status_code == 422
    assert "field__error" in response.content.decode()
    assert ada.workspace.api_keys.count() == 1


def test_it_asks_before_a_key_is_revoked(ada: Person) -> None:
    key = newest(ada)
    page = ada.browser.get(f"/settings/keys/{key.prefix}")

    assert "This cannot be undone" in page.content.decode()
    assert ada.api.get("/credits").status_code == 200


def test_it_revokes_a_key(ada: Person) -> None:
    key = newest(ada)
    response = ada.browser.post(f"/settings/keys/{key.prefix}/revoke", follow=True)

    assert "is revoked" in response.content.decode()
    assert ada.api.get("/credits").status_code == 401
    assert AuditEvent.objects.filter(action="key.revoked", user=ada.user).count() == 1


def test_it_revokes_a_key_once(ada: Person) -> None:
    path = f"/settings/keys/{newest(ada).prefix}/revoke"
    ada.browser.post(path)
    first = newest(ada).revoked_at
    ada.browser.post(path)

    assert newest(ada).revoked_at == first
    assert AuditEvent.objects.filter(action="key.revoked").count() == 1


def test_it_hides_keys_of_other_workspaces(ada: Person, charlie: Person) -> None:
    key = newest(charlie)

    assert key.label not in ada.browser.get(f"/settings/keys/{key.prefix}").content.decode()
    assert ada.browser.get(f"/settings/keys/{key.prefix}").status_code == 404
    assert ada.browser.post(f"/settings/keys/{key.prefix}/revoke").status_code == 404
    assert charlie.api.get("/credits").status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_it_keeps_keys_from_people_who_do_not_manage(ada: Person, role: Role) -> None:
    bob = join(ada, role)
    prefix = newest(ada).prefix

    assert bob.get("/settings/keys").status_code == 403
    assert bob.post("/settings/keys", FORM).status_code == 403
    assert bob.get(f"/settings/keys/{prefix}").status_code == 403
    assert bob.post(f"/settings/keys/{prefix}/revoke").status_code == 403
    assert ada.workspace.api_keys.filter(revoked_at=None).count() == 1


def test_it_lets_admins_manage_keys(ada: Person) -> None:
    bob = join(ada, Role.ADMIN)

    assert bob.post("/settings/keys", FORM).status_code == 201


def test_it_does_not_revoke_by_get(ada: Person) -> None:
    response = ada.browser.get(f"/settings/keys/{newest(ada).prefix}/revoke")

    assert response.status_code == 405
    assert ada.api.get("/credits").status_code == 200


def test_it_needs_the_csrf_token(ada: Person) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(ada.user)
    response = careful.post("/settings/keys", FORM)

    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
    assert ada.workspace.api_keys.count() == 1


def test_it_makes_one_key_of_a_form_that_is_sent_again(ada: Person) -> None:
    """Who reloads the page with the new secret sends the form again."""
    page = ada.browser.get("/settings/keys").content.decode()
    (token,) = re.findall(r'name="once" value="(\w+)"', page)
    assert create(ada, once=token).status_code == 201
    again = ada.browser.post("/settings/keys", {**FORM, "once": token}, follow=True)
    assert "was made already" in again.content.decode()
    assert ada.workspace.api_keys.filter(label=FORM["label"]).count() == 1
