from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from kling import operations
from tests.conftest import Person

OWN = [
    "/settings/profile",
    "/settings/workspace",
    "/settings/keys",
    "/workspaces/new",
    "/welcome",
    "/accounts/email/",
    "/accounts/password/change/",
]
OPEN = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/confirm-email/",
    "/accounts/inactive/",
]


@pytest.mark.parametrize("path", OWN)
def test_it_shows_people_their_pages(ada: Person, path: str) -> None:
    response = ada.browser.get(path)

    assert response.status_code == 200
    assert "ada@example.com" in response.content.decode()


@pytest.mark.parametrize("path", [*OWN, "/settings"])
def test_it_asks_strangers_to_sign_in(visitor: Client, path: str) -> None:
    response = visitor.get(path)

    assert response.status_code == 302
    assert response.url == f"/accounts/login/?next={path}"


@pytest.mark.parametrize("path", OPEN)
def test_it_shows_the_open_pages_to_everybody(visitor: Client, path: str) -> None:
    assert visitor.get(path).status_code == 200


def test_it_sends_people_from_the_start_page_to_the_studio(ada: Person) -> None:
    assert ada.browser.get("/").url == "/studio/"


def test_it_sends_htmx_to_the_sign_in_as_a_whole_page(visitor: Client) -> None:
    response = visitor.get("/settings/keys", headers={"HX-Request": "true"})

    assert response.status_code == 200
    assert response["HX-Redirect"] == "/accounts/login/"


@pytest.mark.parametrize(
    ("page", "after"),
    [
        ("http://testserver/generations/gen_1?a=b", "?next=/generations/gen_1%3Fa%3Db"),
        ("https://elsewhere.example/", ""),
    ],
    ids=["ours", "another site's"],
)
def test_it_brings_people_back_to_the_page_whose_part_they_asked_for(
    visitor: Client, page: str, after: str
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": page}
    response = visitor.get("/generations/gen_1/status", headers=headers)
    assert response["HX-Redirect"] == f"/accounts/login/{after}"


@pytest.mark.parametrize("path", [*OWN, "/no-such-page"])
def test_it_loads_nothing_from_elsewhere_and_runs_nothing_inline(ada: Person, path: str) -> None:
    page = ada.browser.get(path).content.decode()

    assert not re.findall(r"""(?:src|href|action)=["']?(?:https?:)?//""", page)
    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
    assert not re.findall(r"\s(?:style|on\w+)=", page)


def test_it_answers_what_is_not_there_in_its_own_look(ada: Person) -> None:
    response = ada.browser.get("/no-such-page")

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_it_tells_people_what_is_missing_when_they_may_not(ada: Person) -> None:
    ada.workspace.memberships.update(role="viewer")
    response = ada.browser.get("/settings/keys")

    assert response.status_code == 403
    assert "This needs the role “Admin”." in response.content.decode()


def test_it_saves_the_profile(ada: Person) -> None:
    form = {"name": "Ada Lovelace", "time_zone": "Europe/London", "email": "evil@example.com"}
    ada.browser.post("/settings/profile", form)
    ada.user.refresh_from_db()

    assert (ada.user.name, ada.user.time_zone) == ("Ada Lovelace", "Europe/London")
    assert ada.user.email == "ada@example.com"


def test_it_refuses_a_time_zone_that_does_not_exist(ada: Person) -> None:
    response = ada.browser.post("/settings/profile", {"name": "", "time_zone": "Mars/Olympus"})

    assert "field__error" in response.content.decode()


def test_it_shows_times_in_the_persons_zone(ada: Person) -> None:
    User.objects.update(time_zone="Pacific/Kiritimati")
    ada.api.get("/credits")
    page = ada.browser.get("/settings/keys").content.decode()

    assert "+14" in page


def test_it_survives_a_time_zone_that_the_system_lost(ada: Person) -> None:
    User.objects.update(time_zone="Mars/Olympus")

    assert ada.browser.get("/settings/keys").status_code == 200


def test_it_spends_no_query_on_the_session_of_programs(ada: Person) -> None:
    with CaptureQueriesContext(connection) as queries:
        ada.browser.get("/api/v1/operations")

    assert not [query for query in queries if "django_session" in query["sql"]]


@pytest.mark.parametrize("path", ["/", "/accounts/login/"])
def test_it_spends_no_query_on_strangers(visitor: Client, path: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        visitor.get(path)

    assert not list(queries)


def test_it_promises_what_there_is(visitor: Client) -> None:
    page = visitor.get("/").content.decode().lower()

    assert "videos, pictures, sound and talking avatars" in page
    made = {operation.name for operation in operations.all_operations()}
    assert {"text-to-video", "image-to-video", "image", "text-to-audio", "avatar"} <= made
