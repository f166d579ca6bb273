from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client

from accounts.models import AuditEvent, Membership, Role, User, Workspace
from tests.conftest import Person

FORM = {"name": "Grace Hopper", "email": "grace@example.com", "password1": "compile-the-ships"}


def sign_up(visitor: Client, **changes: str) -> Any:
    return visitor.post("/accounts/signup/", {**FORM, **changes})


def test_it_creates_the_person_and_their_workspace(visitor: Client) -> None:
    response = sign_up(visitor)

    assert response.status_code == 302
    assert response.url == "/welcome"
    membership = Membership.objects.get(user__email="grace@example.com")
    assert membership.role == Role.OWNER
    assert membership.workspace.name == "Grace Hopper's workspace"
    assert membership.workspace.plan.slug == "free"
    assert get_user(visitor) == membership.user
    assert AuditEvent.objects.get().action == "workspace.created"


def test_it_shows_a_welcome_with_the_workspace(visitor: Client) -> None:
    sign_up(visitor)

    assert "Grace Hopper&#x27;s workspace" in visitor.get("/welcome").content.decode()


def test_it_names_the_workspace_after_the_address_without_a_name(visitor: Client) -> None:
    sign_up(visitor, name="", email="linus+list@example.com")

    assert Workspace.objects.get().name == "Linus's workspace"


def test_it_keeps_the_longest_name_within_the_limits(visitor: Client) -> None:
    sign_up(visitor, name="x" * 100)

    assert len(Workspace.objects.get().name) == 80


def test_it_stores_the_address_in_small_letters(visitor: Client) -> None:
    sign_up(visitor, email="Grace@Example.COM")

    assert User.objects.get().email == "grace@example.com"


def test_it_takes_the_time_zone_of_the_browser(visitor: Client) -> None:
    sign_up(visitor, time_zone="Asia/Tokyo")

    assert User.objects.get().time_zone == "Asia/Tokyo"


def test_it_takes_utc_for_a_time_zone_that_does_not_exist(visitor: Client) -> None:
    sign_up(visitor, time_zone="Mars/Olympus")

    assert User.objects.get().time_zone == "UTC"


def test_it_refuses_an_address_that_is_known_in_other_capitals(
    visitor: Client, ada: Person
) -> None:
    response = sign_up(visitor, email=ada.user.email.upper())

    assert "There is an account with this address already" in response.content.decode()
    assert User.objects.count() == 1
    assert Workspace.objects.count() == 1


def test_it_refuses_an_easy_password(visitor: Client) -> None:
    response = sign_up(visitor, password1="password")

    assert "too common" in response.content.decode()
    assert not User.objects.exists()


def test_it_sends_people_who_are_signed_in_on(ada: Person) -> None:
    assert ada.browser.get("/accounts/signup/").url == "/studio/"


@pytest.fixture
def with_mail(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def test_it_asks_to_confirm_the_address_where_mail_works(visitor: Client, with_mail: None) -> None:
    page = sign_up(visitor)
    signed_in_before = get_user(visitor).is_authenticated
    (link,) = re.findall(r"http://testserver(/\S+)", mail.outbox[0].body)
    visitor.post(link)
    visitor.post("/accounts/login/", {"login": FORM["email"], "password": FORM["password1"]})

    assert "Look into your mailbox" in visitor.get(page.url).content.decode()
    assert not signed_in_before
    assert Workspace.objects.count() == 1
    assert get_user(visitor).is_authenticated


def test_it_does_not_tell_strangers_who_is_here_where_mail_works(
    visitor: Client, ada: Person, with_mail: None
) -> None:
    page = sign_up(visitor, email=ada.user.email)

    assert "Look into your mailbox" in visitor.get(page.url).content.decode()
    assert mail.outbox[0].to == [ada.user.email]
    assert "There is an account with this address already" in mail.outbox[0].body
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("Grace\tHopper", "Grace Hopper's workspace"),
        ("Grace\x07", "Grace's workspace"),
        ("\u200d", "Grace's workspace"),
        ("ß" + "x" * 99, "SS" + "x" * 66 + "'s workspace"),
    ],
)
def test_it_makes_a_workspace_whatever_somebody_is_called(
    visitor: Client, given: str, made: str
) -> None:
    sign_up(visitor, name=given)

    assert Workspace.objects.get().name == made
