"""Addresses that lead into our own network are refused: when typed, and when called."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests

from accounts.access import Actor
from tests.queue import drain_queue
from tests.webhooks.conftest import Api
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_announce import say
from webhooks import http
from webhooks.models import Delivery

INNER = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://api.localhost/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://0.0.0.0/",
    "https://0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://192.0.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://intranet/",
]
MALFORMED = [
    "",
    "http://example.com/",
    "ftp://example.com/",
    "javascript:alert(1)",
    "//example.com/",
    "example.com",
    "https://",
    "https:///path",
    "https://user:pw@example.com/",
    "https://user@example.com/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://example.com:port/",
    "https://exa mple.com/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/\r\nHost: evil",
    "https://example..com/",
    "https://[::1/",
    "https://example.com/" + "a" * 2000,
]


@pytest.mark.parametrize("url", INNER + MALFORMED)
def test_it_refuses_to_store_it(api: Api, url: str) -> None:
    answer = api("POST", "/webhook-endpoints", {"url": url})
    assert answer.status_code == 422, answer.json()
    assert answer.json()["errors"][0]["field"] == "url"
    assert api("GET", "/webhook-endpoints").json()["data"] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://hooks.example.co.uk:8443/a?b=c#d",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://bücher.example/",
        "https://xn--bcher-kva.example/",
    ],
)
def test_it_takes_public_addresses(api: Api, url: str) -> None:
    answer = api("POST", "/webhook-endpoints", {"url": url})
    assert answer.status_code == 201, answer.json()
    assert answer.json()["url"] == url


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "http://example.com/", INNER[-1]])
def test_it_never_calls_one_that_came_in_before(owner: Actor, url: str) -> None:
    say(owner, url=url)
    drain_queue()
    delivery = Delivery.objects.get()
    assert delivery.state == "failed"
    assert delivery.log.get().status_code is None
    assert delivery.log.get().error


@pytest.mark.parametrize("url", INNER[:20])
def test_the_connection_refuses_without_the_first_check(url: str) -> None:
    with http.session() as session, pytest.raises(http.FetchError), http.errors():
        session.get(url)


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Makes every name resolve to one address; the names asked for."""
    asked: list[str] = []

    def install(address: str) -> list[str]:
        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            asked.append(host)
            if len(asked) > 1:
                raise socket.gaierror("no network in tests")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return install


def test_a_public_name_for_an_inner_address_is_refused(
    receiver: Receiver, settings: Any, resolves: Callable[[str], list[str]]
) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    port = receiver.url.split(":")[2].split("/")[0]
    resolves("127.0.0.1")
    with (
        pytest.raises(http.UnsafeAddress),
        http.stream(f"https://rebind.example.com:{port}/hook", max_bytes=10),
    ):
        pass
    assert receiver.received == []


def test_it_connects_to_the_very_address_it_checked(
    resolves: Callable[[str], list[str]],
) -> None:
    asked = resolves("93.184.216.34")
    with http.session() as session, pytest.raises(requests.ConnectionError):
        session.get("https://rebind.example.com/")
    assert asked == ["rebind.example.com", "93.184.216.34"]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"),
        *(
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ),
    ],
)
def test_a_name_for_an_inner_address_is_refused_however_it_is_written(
    monkeypatch: pytest.MonkeyPatch, settings: Any, address: str
) -> None:
    """What a resolver answers; nothing may be connected to."""
    connected: list[Any] = []

    def getaddrinfo(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if ":" in address:
            return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", lambda _, to: connected.append(to))
    settings.FETCH_ALLOW_PRIVATE = False
    with (
        pytest.raises(http.UnsafeAddress),
        http.stream("https://inner.example.com/", max_bytes=10),
    ):
        pass
    assert connected == []


def test_of_several_addresses_the_checked_one_is_called(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """A name with a public address and an inner one leads to the public one, or nowhere."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        if host == "93.184.216.34":
            raise socket.gaierror("no network in tests")
        both = ("93.184.216.34", "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in both]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    settings.FETCH_ALLOW_PRIVATE = False
    with (
        pytest.raises(http.Unreachable),
        http.stream("https://two.example.com/", max_bytes=10),
    ):
        pass
    assert asked == ["two.example.com", "93.184.216.34"]
