from __future__ import annotations

import re

from django.contrib.auth import get_user
from django.core import mail
from django.core.management import call_command
from django.test import Client

from tests.conftest import PASSWORD, Person

NEW = "another-long-passphrase"


def ask_for_link(visitor: Client, email: str) -> str:
    visitor.post("/accounts/password/reset/", {"email": email})
    (message,) = mail.outbox
    (link,) = re.findall(r"http://testserver(/\S+)", message.body)
    return link


def test_it_sends_a_link_to_a_new_password(visitor: Client, ada: Person) -> None:
    page = visitor.get(ask_for_link(visitor, ada.user.email), follow=True)
    done = visitor.post(
        page.request["PATH_INFO"], {"password1": NEW, "password2": NEW}, follow=True
    )
    visitor.post("/accounts/login/", {"login": ada.user.email, "password": NEW})

    assert "Choose a new password" in page.content.decode()
    assert "Your new password is saved" in done.content.decode()
    assert get_user(visitor) == ada.user


def test_it_lets_the_link_work_once(visitor: Client, ada: Person) -> None:
    link = ask_for_link(visitor, ada.user.email)
    page = visitor.get(link, follow=True)
    visitor.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert "This link does not work" in Client().get(link, follow=True).content.decode()


def test_it_says_the_same_for_an_unknown_address(visitor: Client, ada: Person) -> None:
    known = visitor.post("/accounts/password/reset/", {"email": ada.user.email}, follow=True)
    unknown = visitor.post("/accounts/password/reset/", {"email": "no@example.com"}, follow=True)

    assert "Look into your mailbox" in known.content.decode()
    assert "Look into your mailbox" in unknown.content.decode()


def test_it_changes_the_password(visitor: Client, ada: Person) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    ada.browser.post("/accounts/password/change/", form)
    visitor.post("/accounts/login/", {"login": ada.user.email, "password": NEW})

    assert get_user(visitor) == ada.user


def test_it_needs_the_old_password_to_change_it(ada: Person) -> None:
    form = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    response = ada.browser.post("/accounts/password/change/", form)

    assert "Type the password that you have now" in response.content.decode()
    ada.user.refresh_from_db()
    assert ada.user.check_password(PASSWORD)


def test_it_slows_down_asking_for_links(visitor: Client, ada: Person) -> None:
    answers = [
        visitor.post("/accounts/password/reset/", {"email": ada.user.email}).status_code
        for _ in range(6)
    ]
    last = visitor.post("/accounts/password/reset/", {"email": ada.user.email})

    assert answers == [302] * 5 + [429]
    assert "Too many attempts" in last.content.decode()
    assert len(mail.outbox) == 5


def test_it_lets_people_choose_a_first_password(visitor: Client, db: None) -> None:
    call_command("create_workspace", "--name=Acme", "--owner=grace@example.com")
    page = visitor.get(ask_for_link(visitor, "grace@example.com"), follow=True)
    visitor.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    visitor.post("/accounts/login/", {"login": "grace@example.com", "password": NEW})

    assert get_user(visitor).is_authenticated
