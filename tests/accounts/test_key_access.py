from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import Actor
from accounts.keys import create_key
from accounts.models import ApiKey, Scope
from tests.conftest import Api, Person

START = "2026-03-01T12:00:00Z"


def parts(key: str) -> list[str]:
    return key.split("_")


def refused(response: Any) -> None:
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_authenticated"


def test_it_lets_a_key_in(ada: Person) -> None:
    assert ada.api.get("/credits").json()["available"] == "100"


def test_it_needs_a_key(nobody: Api, db: None) -> None:
    refused(nobody.get("/credits"))


def test_it_does_not_take_a_session_for_a_key(ada: Person) -> None:
    refused(ada.browser.get("/api/v1/credits"))


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer a b", "Basic dXNlcjpwYXNz", "Bearer ks__", "Bearer ks_é_x", "Bearer \x00"],
)
def test_it_refuses_a_header_that_is_no_key(ada: Person, header: str) -> None:
    refused(Client().get("/api/v1/credits", headers={"Authorization": header}))


def test_it_refuses_a_wrong_secret(ada: Person) -> None:
    kind, prefix, secret = parts(ada.api.key)

    refused(Api(f"{kind}_{prefix}_{secret[::-1]}").get("/credits"))


def test_it_refuses_the_secret_of_another_key(ada: Person, charlie: Person) -> None:
    _, prefix, _ = parts(ada.api.key)
    _, _, secret = parts(charlie.api.key)

    refused(Api(f"ks_{prefix}_{secret}").get("/credits"))


def test_it_refuses_an_unknown_prefix(ada: Person) -> None:
    _, _, secret = parts(ada.api.key)

    refused(Api(f"ks_AAAAAAAAAA_{secret}").get("/credits"))


def test_it_refuses_the_key_with_other_capitals(ada: Person) -> None:
    refused(Api(ada.api.key.swapcase().replace("KS_", "ks_", 1)).get("/credits"))


def test_it_refuses_a_revoked_key(ada: Person) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())

    refused(ada.api.get("/credits"))


def test_it_refuses_a_key_from_the_moment_it_expires(owner: Actor) -> None:
    with time_machine.travel(START, tick=False) as clock:
        end = timezone.now() + timedelta(hours=1)
        _, text = create_key(by=owner, label="short", expires_at=end)
        before = Api(text).get("/credits")
        clock.shift(timedelta(hours=1))
        after = Api(text).get("/credits")

    assert before.status_code == 200
    refused(after)


def test_it_does_not_make_a_key_that_has_expired(owner: Actor) -> None:
    with pytest.raises(ValidationError) as caught:
        create_key(by=owner, label="late", expires_at=timezone.now() - timedelta(seconds=1))

    assert list(caught.value.message_dict) == ["expires_at"]


def test_it_notes_the_last_use_once_a_minute(ada: Person) -> None:
    seen = []
    with time_machine.travel(START, tick=False) as clock:
        for seconds in (0, 59, 1):
            clock.shift(timedelta(seconds=seconds))
            ada.api.get("/credits")
            seen.append(ada.workspace.api_keys.get().last_used_at)

    assert seen[0] is not None
    assert seen[1] == seen[0]
    assert seen[2] == seen[0] + timedelta(seconds=60)


def test_it_finds_the_key_in_one_query(ada: Person) -> None:
    ada.api.get("/operations")
    with CaptureQueriesContext(connection) as queries:
        ada.api.get("/operations")

    about_keys = [q["sql"] for q in queries if "accounts_" in q["sql"]]
    assert len(about_keys) == 1
    assert "accounts_plan" in about_keys[0]


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [({Scope.READ}, 200, 403), ({Scope.READ, Scope.WRITE}, 200, 422), ({Scope.BILLING}, 403, 403)],
)
def test_it_keeps_a_key_to_its_permissions(
    owner: Actor, scopes: set[Scope], reads: int, writes: int
) -> None:
    api = Api(create_key(by=owner, label="some", scopes=scopes)[1])

    assert api.get("/generations").status_code == reads
    assert api.post("/generations", {"operation": "no-such", "input": {}}).status_code == writes


def test_it_names_the_permission_that_is_missing(owner: Actor) -> None:
    api = Api(create_key(by=owner, label="looks", scopes={Scope.READ})[1])
    problem = api.post("/generations", {}).json()

    assert problem["code"] == "permission_denied"
    assert "Create and change" in problem["detail"]
