"""What the log says about a fault, and what it must never say."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from kling_saas import logs

TOKEN = "q7Jw3sTokenThatOpensSomething"


@pytest.fixture(params=[True, False], ids=["json", "plain"])
def written(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """The log lines of the test, as the configured handler writes them."""
    handler = configured_handler(json=request.param)
    text = io.StringIO()
    handler.setStream(text)
    root = logging.getLogger()
    root.addHandler(handler)
    yield text.getvalue
    root.removeHandler(handler)


def configured_handler(*, json: bool) -> logging.StreamHandler[io.StringIO]:
    configuration = logs.configuration(json=json)
    handler = logging.StreamHandler(io.StringIO())
    maker = logging.config.DictConfigurator(configuration)
    handler.setFormatter(maker.configure_formatter(configuration["formatters"]["line"]))
    return handler


def fail_with(password: str) -> None:
    raise RuntimeError(f"a password of {len(password)} characters")


def test_it_shows_no_values_of_variables(written: Callable[[], str]) -> None:
    try:
        fail_with(TOKEN)
    except RuntimeError:
        logging.getLogger("kling_saas").exception("it failed")
    assert "a password of 29 characters" in written()
    assert "fail_with" in written()
    assert TOKEN not in written()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/hooks/kling/", "/files/"])
def test_it_shows_no_token_of_an_address(written: Callable[[], str], path: str) -> None:
    """Django names the address of every request that it refuses."""
    assert Client().delete(path + TOKEN).status_code == 405
    assert f"{path}…" in written() or f"{path}\\u2026" in written()
    assert TOKEN not in written()


def test_the_id_that_a_customer_sees_stands_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        shown = client.get("/api/v1/nowhere")["X-Request-Id"]
        given = client.get("/api/v1/nowhere", headers={"X-Request-Id": "my-own-id-1"})
    assert given["X-Request-Id"] == "my-own-id-1"
    finished = [r.msg for r in caplog.records if r.name.startswith("django_structlog")]
    assert [line["request_id"] for line in finished] == [shown, "my-own-id-1"]


def test_the_address_in_the_log_is_not_what_a_client_writes_itself(
    client: Client, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
    with caplog.at_level("INFO"):
        client.get("/api/v1/nowhere", headers=forged)
        settings.TRUSTED_PROXY_COUNT = 1
        client.get("/api/v1/nowhere", headers=forged)
    finished = [r.msg for r in caplog.records if r.name.startswith("django_structlog")]
    assert [line["ip"] for line in finished] == ["127.0.0.1", "203.0.113.7"]
