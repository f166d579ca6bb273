from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tasks import prune
from kling_saas.schedules import SCHEDULES
from tests.conftest import PASSWORD, Person

LOGIN = "/accounts/login/"


def sign_in(
    visitor: Client, email: str, password: str = PASSWORD, path: str = "/accounts/login/"
) -> Any:
    return visitor.post(path, {"login": email, "password": password})


def test_it_signs_in_with_e_mail_and_password(visitor: Client, ada: Person) -> None:
    response = sign_in(visitor, ada.user.email)

    assert response.url == "/studio/"
    assert get_user(visitor) == ada.user


def test_it_does_not_mind_capitals_in_the_address(visitor: Client, ada: Person) -> None:
    sign_in(visitor, "ADA@Example.Com")

    assert get_user(visitor) == ada.user


def test_it_leads_back_to_where_the_person_wanted_to_go(visitor: Client, ada: Person) -> None:
    page = visitor.get("/settings/keys")
    response = sign_in(visitor, ada.user.email, path=page.url)

    assert page.url == "/accounts/login/?next=/settings/keys"
    assert response.url == "/settings/keys"


def test_it_leads_to_no_other_site(visitor: Client, ada: Person) -> None:
    path = "/accounts/login/?next=https://evil.example/"

    assert sign_in(visitor, ada.user.email, path=path).url == "/studio/"


def test_it_refuses_a_wrong_password(visitor: Client, ada: Person) -> None:
    response = sign_in(visitor, ada.user.email, "not-her-password")

    assert "The e-mail address or the password is not right" in response.content.decode()
    assert get_user(visitor).is_anonymous


def test_it_says_the_same_about_an_unknown_address(visitor: Client, db: None) -> None:
    response = sign_in(visitor, "nobody@example.com")

    assert "The e-mail address or the password is not right" in response.content.decode()


def test_it_refuses_people_who_are_switched_off(visitor: Client, ada: Person) -> None:
    User.objects.filter(pk=ada.user.pk).update(is_active=False)

    response = sign_in(visitor, ada.user.email)

    assert response.url == "/accounts/inactive/"
    assert visitor.get(response.url).status_code == 200
    assert get_user(visitor).is_anonymous


def test_it_ends_the_session_of_people_who_are_switched_off(ada: Person) -> None:
    User.objects.filter(pk=ada.user.pk).update(is_active=False)

    assert ada.browser.get("/settings/profile").status_code == 302


def test_it_slows_down_guessing_even_with_the_right_password(visitor: Client, ada: Person) -> None:
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        for _ in range(5):
            sign_in(visitor, ada.user.email, "guess")
        refused = sign_in(visitor, ada.user.email)
    with time_machine.travel("2026-03-01T12:06:00Z", tick=False):
        accepted = sign_in(visitor, ada.user.email)

    assert "Too many attempts" in refused.content.decode()
    assert accepted.url == "/studio/"


def test_it_slows_down_guessing_at_the_admin_too(visitor: Client, ada: Person) -> None:
    response = visitor.get("/admin/login/")

    assert response.url.startswith("/accounts/login/")


def test_it_signs_out_by_post_only(ada: Person) -> None:
    page = ada.browser.get("/accounts/logout/")
    still = get_user(ada.browser)
    response = ada.browser.post("/accounts/logout/")

    assert page.status_code == 200
    assert still == ada.user
    assert response.url == "/"
    assert get_user(ada.browser).is_anonymous


def test_other_processes_share_the_count(ada: Person) -> None:
    """What counts is in the database: a process that has just started knows of all before it."""
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        for _ in range(5):
            sign_in(Client(), ada.user.email, "guess")
        caches["default"].close()
        refused = sign_in(Client(), ada.user.email)

    assert isinstance(caches["default"], DatabaseCache)
    assert "Too many attempts" in refused.content.decode()


def test_many_wrong_addresses_do_not_make_it_forget(ada: Person) -> None:
    """Each leaves an entry of its own; a full cache throws live ones away."""
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        for _ in range(5):
            sign_in(Client(), ada.user.email, "guess")
        for number in range(400):
            caches["default"].set(f"somebody-{number}", 1, 300)
        refused = sign_in(Client(), ada.user.email)

    assert "Too many attempts" in refused.content.decode()


@pytest.mark.parametrize(
    ("path", "form", "most"),
    [
        (LOGIN, {"login": "{n}@example.com", "password": "x"}, 10),
        ("/accounts/signup/", {"email": "not an address {n}", "password1": "x"}, 20),
        ("/accounts/password/reset/", {"email": "{n}@example.com"}, 20),
    ],
)
def test_an_address_may_not_try_for_ever(
    db: None, settings: Any, path: str, form: dict[str, str], most: int
) -> None:
    """With another e-mail address each time; somebody elsewhere is not held back."""
    settings.TRUSTED_PROXY_COUNT = 1

    def attempt(number: int, origin: str) -> bool:
        sent = {name: text.format(n=number) for name, text in form.items()}
        answer = Client().post(path, sent, headers={"X-Forwarded-For": f"1.1.1.1, {origin}"})
        return answer.status_code == 429 or "Too many" in answer.content.decode()

    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        held = [attempt(number, "203.0.113.7") for number in range(most + 1)]
        elsewhere = attempt(0, "203.0.113.8")

    assert held == [False] * most + [True]
    assert not elsewhere


def test_sessions_that_have_run_out_are_removed(ada: Person) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=15), tick=False):
        Client().force_login(ada.user)
    assert Session.objects.count() == 2
    prune()

    assert Session.objects.count() == 1
    assert ada.browser.get("/settings/profile").status_code == 200
    assert "accounts.tasks.prune" in SCHEDULES
