from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ApiKey, AuditEvent, Role, User, Workspace
from billing.credits import balance
from tests.conftest import Api, Person

REQUIRED = ("--name", "Acme", "--owner", "grace@example.com")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    call_command("create_workspace", *REQUIRED, *arguments)
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_it_prints_what_it_made(capsys: pytest.CaptureFixture[str], db: None) -> None:
    answer = run(capsys, "--credits", "12.5", "--api-key", "first", "--password", "compile-ships")
    workspace = Workspace.objects.get()

    assert answer["workspace"] == workspace.public_id
    assert answer["owner"] == "grace@example.com"
    assert answer["credits"] == "12.5"
    assert set(answer) == {"workspace", "owner", "credits", "api_key"}
    assert workspace.plan.slug == "unlimited"
    assert workspace.memberships.get(role=Role.OWNER).user.email == "grace@example.com"
    assert Api(answer["api_key"]).get("/credits").json()["balance"] == "12.5"


def test_it_lets_the_owner_sign_in(capsys: pytest.CaptureFixture[str], db: None) -> None:
    run(capsys, "--password", "compile-ships")
    form = {"login": "grace@example.com", "password": "compile-ships"}

    assert Client().post("/accounts/login/", form).url == "/studio/"


def test_it_makes_neither_key_nor_credits_unasked(
    capsys: pytest.CaptureFixture[str], db: None
) -> None:
    answer = run(capsys)

    assert answer["api_key"] is None
    assert answer["credits"] == "0"
    assert not ApiKey.objects.exists()


def test_it_takes_another_plan(capsys: pytest.CaptureFixture[str], db: None) -> None:
    run(capsys, "--plan", "pro")

    assert Workspace.objects.get().plan.slug == "pro"


def test_it_makes_a_second_workspace_of_the_same_name(
    capsys: pytest.CaptureFixture[str], db: None
) -> None:
    first, second = run(capsys), run(capsys)

    assert first["workspace"] != second["workspace"]
    assert User.objects.count() == 1


def test_it_keeps_the_password_of_somebody_who_is_here(
    capsys: pytest.CaptureFixture[str], ada: Person
) -> None:
    arguments = ("--name", "Acme", "--owner", "ADA@example.com", "--password", "taken-over-now")
    call_command("create_workspace", *arguments)
    printed = capsys.readouterr()
    ada.user.refresh_from_db()

    assert json.loads(printed.out)["owner"] == "ada@example.com"
    assert "their password stays as it is" in printed.err
    assert not ada.user.check_password("taken-over-now")
    assert ada.user.workspaces.count() == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--owner", "no-address"),
        ("--owner", ""),
        ("--name", " "),
        ("--name", "x" * 81),
        ("--name", "Acme\nInc"),
        ("--name", "Acme\n"),
        ("--name", "Ac\x07me"),
        ("--name", "Ac\x1bme"),
        ("--name", "Ac\x85me"),
        ("--name", "Ac\u2028me"),
        ("--name", "\u200d"),
        ("--credits", "-1"),
        ("--credits", "NaN"),
        ("--credits", "0.1234567"),
        ("--credits", "0.123456789"),
        ("--credits", "1e-7"),
        ("--credits", "Infinity"),
        ("--credits", "1e30"),
        ("--credits", "many"),
        ("--plan", "golden"),
        ("--api-key", ""),
        ("--api-key", "x" * 61),
        ("--password", "12345678"),
    ],
)
def test_it_names_the_option_that_is_wrong_and_does_nothing(
    db: None, option: str, value: str
) -> None:
    given = {"--name": "Acme", "--owner": "grace@example.com", "--credits": "5", option: value}
    with pytest.raises(CommandError) as caught:
        call_command("create_workspace", *[f"{name}={text}" for name, text in given.items()])

    assert option in str(caught.value)
    assert not Workspace.objects.exists()
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()


def test_it_writes_the_credits_into_the_books(capsys: pytest.CaptureFixture[str], db: None) -> None:
    run(capsys, "--credits", "0.000001")
    entries = balance(Workspace.objects.get())

    assert entries.balance == 1


@pytest.mark.parametrize("owner", ["grace@example.com", "ada@example.com"])
@pytest.mark.parametrize("wrong", [("--name", "x" * 81), ("--api-key", "x" * 61)])
def test_it_says_nothing_about_an_owner_when_it_refuses(
    capsys: pytest.CaptureFixture[str], ada: Person, owner: str, wrong: tuple[str, str]
) -> None:
    given = {"--name": "Acme", "--owner": owner, wrong[0]: wrong[1]}
    with pytest.raises(CommandError):
        call_command("create_workspace", *[f"{name}={text}" for name, text in given.items()])

    assert capsys.readouterr() == ("", "")


def test_it_says_how_a_new_owner_gets_a_password(
    capsys: pytest.CaptureFixture[str], db: None
) -> None:
    call_command("create_workspace", *REQUIRED)
    printed = capsys.readouterr()

    assert json.loads(printed.out)["owner"] == "grace@example.com"
    assert "grace@example.com has no password yet" in printed.err
