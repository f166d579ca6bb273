from __future__ import annotations

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from tests.conftest import Person


def no_answer(error: type[Exception]) -> Any:
    """As if the database were gone: each statement ends in `error`."""

    def refuse(*_: Any) -> Any:
        raise error("server closed the connection unexpectedly")

    return connection.execute_wrapper(refuse)


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


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("path", ["/", "/generations", "/credits/", "/admin/"])
def test_a_page_without_a_database_asks_to_come_again(
    ada: Person, path: str, error: type[Exception]
) -> None:
    ada.browser.raise_request_exception = False

    with no_answer(error):
        response = ada.browser.get(path)

    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert "Not available right now" in response.content.decode()
    assert ada.browser.get("/credits/").status_code == 200


def test_a_hook_without_a_database_is_called_again(visitor: Client, db: None) -> None:
    visitor.raise_request_exception = False

    with no_answer(OperationalError):
        response = visitor.post("/hooks/kling/abc", b"{}", content_type="application/json")

    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert response.json() == {"error": "temporarily unavailable"}


def test_an_api_without_a_database_says_that_nobody_knows(ada: Person) -> None:
    with no_answer(OperationalError):
        response = ada.api.get("/credits")

    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert response.json()["code"] == "temporarily_unavailable"
    assert response.json()["charged"] is None


def test_other_faults_are_our_own(ada: Person) -> None:
    ada.browser.raise_request_exception = False

    with no_answer(RuntimeError):
        response = ada.browser.get("/")

    assert response.status_code == 500
    assert "Something went wrong here" in response.content.decode()
