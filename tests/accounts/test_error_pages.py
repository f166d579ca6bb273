from __future__ import annotations

from django.test import Client, RequestFactory
from django.views.defaults import server_error

from tests.conftest import Person


def test_it_answers_a_host_that_is_not_ours_in_our_look(visitor: Client) -> None:
    response = visitor.get("/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert "That request was not right" in response.content.decode()


def test_it_has_a_page_for_our_own_faults_that_needs_nothing() -> None:
    response = server_error(RequestFactory().get("/"))

    assert response.status_code == 500
    assert "Something went wrong here" in response.content.decode()


def test_it_tells_strangers_what_is_not_there(visitor: Client) -> None:
    response = visitor.get("/no-such-page")

    assert response.status_code == 404
    assert "Sign in" in response.content.decode()


def test_it_refuses_by_method(ada: Person) -> None:
    assert ada.browser.get("/workspaces/switch").status_code == 405
    assert ada.browser.post("/welcome").status_code == 405
