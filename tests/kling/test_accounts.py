"""Accounts that cannot work are refused when they are made; tokens are renewed in time."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from kling.accounts import Account, Credentials
from kling.errors import InvalidInput

SECRET = "secret-of-the-fox-which-is-long-enough"
KEY = {"key": "sk-fox-secret-0001"}
PAIR = {"access_key": "AK-fox", "secret_key": SECRET}


@pytest.mark.parametrize(
    ("dialect", "given", "address"),
    [
        ("cometapi", KEY, "https://api.cometapi.com"),
        ("cloudsway", {**KEY, "endpoint_path": "ep"}, "https://genaiapi.cloudsway.net"),
        ("official", KEY, "https://api-singapore.klingai.com"),
        ("official", PAIR, "https://api-singapore.klingai.com"),
        ("official", {**KEY, "base_url": "https://api-beijing.klingai.com/"}, None),
        ("cometapi", {**KEY, "base_url": "http://127.0.0.1:8123"}, "http://127.0.0.1:8123"),
    ],
)
def test_it_takes_an_account(dialect: str, given: dict[str, Any], address: str | None) -> None:
    account = Account(dialect, **given)
    assert account.base_url == (address or "https://api-beijing.klingai.com")
    assert hash(account)


@pytest.mark.parametrize(
    ("dialect", "given"),
    [
        ("cometapi", {}),
        ("cometapi", PAIR),
        ("cloudsway", KEY),
        ("cloudsway", {**KEY, "endpoint_path": "  "}),
        ("cloudsway", {**KEY, "endpoint_path": ".."}),
        ("official", {"access_key": "AK-fox"}),
        ("official", {"secret_key": SECRET}),
        ("official", {**KEY, **PAIR}),
        ("cometapi", {"key": "sk\r\nX-Evil: 1"}),
        ("cometapi", {"key": " sk-fox"}),
        ("cometapi", {"key": "sk-füchse"}),
        ("cometapi", {**KEY, "base_url": "api.cometapi.com"}),
        ("cometapi", {**KEY, "base_url": "ftp://api.cometapi.com"}),
        ("cometapi", {**KEY, "base_url": "https://"}),
        ("cometapi", {**KEY, "base_url": "https://user:pass@api.cometapi.com"}),
        ("cometapi", {**KEY, "base_url": "https://api.cometapi.com?x=1"}),
    ],
)
def test_it_refuses_an_account_that_cannot_work(dialect: str, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught:
        Account(dialect, **given)
    assert not any(secret in str(caught.value) for secret in ("sk-fox", "sk\r", SECRET))


def test_it_refuses_an_unknown_dialect() -> None:
    with pytest.raises(InvalidInput):
        Account("midjourney", key="sk-fox-secret-0001")


def test_an_endpoint_path_stays_one_segment() -> None:
    from kling import dialects

    path = dialects.get("cloudsway").path("videos/text2video", endpoint_path="a/../b?c")
    assert path == "/v1/ai/a%2F..%2Fb%3Fc/kling/videos/text2video"


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def claims(header: str) -> dict[str, Any]:
    token = header.removeprefix("Bearer ")
    options = {"verify_exp": False, "verify_nbf": False}
    decoded: dict[str, Any] = jwt.decode(token, SECRET, algorithms=["HS256"], options=options)
    return decoded


def test_it_signs_anew_in_the_last_minute() -> None:
    clock = Clock(1_790_000_000.5)
    credentials = Credentials(Account("official", **PAIR), clock=clock)
    first = credentials.header()
    assert claims(first) == {"iss": "AK-fox", "exp": 1_790_001_800, "nbf": 1_789_999_995}
    clock.now += 1700
    assert credentials.header() == first
    clock.now += 50
    second = credentials.header()
    assert claims(second)["exp"] == 1_790_003_550


def test_it_signs_anew_when_the_clock_was_set_back() -> None:
    clock = Clock(1_790_000_000)
    credentials = Credentials(Account("official", **PAIR), clock=clock)
    first = credentials.header()
    clock.now -= 3600
    assert claims(credentials.header())["nbf"] < claims(first)["nbf"]


def test_a_key_is_sent_as_it_is() -> None:
    credentials = Credentials(Account("official", **KEY))
    assert credentials.header() == "Bearer sk-fox-secret-0001"
