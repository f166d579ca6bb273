from __future__ import annotations

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.core import mail

from tests.conftest import Person

NEW = "countess@example.com"


def act(ada: Person, action: str, email: str = NEW) -> Any:
    return ada.browser.post("/accounts/email/", {f"action_{action}": "", "email": email})


def confirm(ada: Person) -> None:
    (link,) = re.findall(r"http://testserver(/\S+)", mail.outbox[-1].body)
    page = ada.browser.get(link)
    assert f"Is {NEW} your address?" in page.content.decode()
    ada.browser.post(link)


def main_address(ada: Person) -> str:
    ada.user.refresh_from_db()
    return ada.user.email


def test_it_makes_a_confirmed_address_the_main_one(ada: Person) -> None:
    act(ada, "add")
    confirm(ada)
    act(ada, "primary")

    assert main_address(ada) == NEW
    assert mail.outbox[0].to == [NEW]


def test_it_changes_nothing_before(ada: Person) -> None:
    act(ada, "add")

    assert main_address(ada) == "ada@example.com"


def test_it_keeps_an_address_that_was_never_confirmed(ada: Person) -> None:
    act(ada, "add")
    act(ada, "remove")

    assert main_address(ada) == "ada@example.com"
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["ada@example.com"]


def test_it_does_not_remove_the_main_one(ada: Person) -> None:
    act(ada, "add")
    confirm(ada)
    act(ada, "primary")
    act(ada, "remove")

    assert main_address(ada) == NEW
    assert EmailAddress.objects.filter(email=NEW, primary=True).exists()


def test_it_does_not_take_the_address_of_somebody_else(ada: Person, charlie: Person) -> None:
    act(ada, "add", charlie.user.email.upper())
    act(ada, "primary", charlie.user.email)
    page = ada.browser.get("/accounts/email/")

    assert "This address belongs to another account" in page.content.decode()
    assert main_address(ada) == "ada@example.com"


def test_it_keeps_the_only_address(ada: Person) -> None:
    act(ada, "remove", "ada@example.com")

    assert main_address(ada) == "ada@example.com"


def test_it_shows_a_link_that_does_not_work(ada: Person) -> None:
    response = ada.browser.get("/accounts/confirm-email/no-such-key/")

    assert "This link does not work" in response.content.decode()
