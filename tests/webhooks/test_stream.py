"""Downloads are bounded in bytes and time, and whole or refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.webhooks.receiver import Receiver, status
from webhooks import http

MEGABYTE = 1_000_000


def fetch(receiver: Receiver, *, max_bytes: int = 10 * MEGABYTE, total: float = 10) -> bytes:
    with http.stream(receiver.url, max_bytes=max_bytes, total=total) as download:
        return b"".join(download.chunks())


def test_it_streams_in_pieces(receiver: Receiver) -> None:
    body = bytes(range(256)) * 12_000
    receiver.answers = [status(200, body=body, Content_Type="video/mp4")]
    with http.stream(receiver.url, max_bytes=10 * MEGABYTE) as download:
        assert download.content_type == "video/mp4"
        assert download.content_length == len(body)
        pieces = list(download.chunks())
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= 256 * 1024


def test_it_follows_redirects_up_to_three(receiver: Receiver) -> None:
    hop = status(302, Location="/next")
    receiver.answers = [hop, hop, hop, status(200, body=b"here")]
    assert fetch(receiver) == b"here"
    receiver.answers = [hop]
    with pytest.raises(http.TooManyRedirects):
        fetch(receiver)


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "https://user:pw@example.com/",
        "https://[::1/",
        "//[not-an-address]/",
        "https://example.com:port/",
    ],
)
def test_it_checks_where_a_redirect_leads(receiver: Receiver, target: str) -> None:
    receiver.answers = [status(302, Location=target)]
    with pytest.raises(http.UnsafeAddress):
        fetch(receiver)


@pytest.mark.parametrize(("code", "again"), [(403, False), (404, False), (429, True), (503, True)])
def test_it_refuses_other_statuses(receiver: Receiver, code: int, again: bool) -> None:
    receiver.answers = [status(code)]
    with pytest.raises(http.BadStatus) as refusal:
        fetch(receiver)
    assert (refusal.value.status, refusal.value.retryable) == (code, again)


def test_it_refuses_too_much_before_reading(receiver: Receiver) -> None:
    receiver.answers = [status(200, body=b"x" * MEGABYTE)]
    with pytest.raises(http.TooLarge):
        fetch(receiver, max_bytes=MEGABYTE - 1)


def origin(receiver: Receiver) -> str:
    return receiver.url.removesuffix("/hook")


def fetch_trusting(receiver: Receiver, trusted: str, url: str = "") -> bytes:
    with http.stream(url or receiver.url, max_bytes=100, trusted_origin=trusted) as download:
        return b"".join(download.chunks())


def test_it_reaches_the_origin_that_it_is_told_to_trust(receiver: Receiver, settings: Any) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    receiver.answers = [status(302, Location="/next"), status(200, body=b"here")]
    assert fetch_trusting(receiver, f"{origin(receiver)}/any/path".upper()) == b"here"


@pytest.mark.parametrize(
    "trusted",
    [
        *("https://127.0.0.1:{port}", "http://127.0.0.2:{port}", "http://127.0.0.1:1"),
        *("http://127.0.0.1", "127.0.0.1:{port}", "http://", "http://[::1", ""),
    ],
)
def test_it_trusts_no_origin_beside_it(receiver: Receiver, settings: Any, trusted: str) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    with pytest.raises(http.UnsafeAddress):
        fetch_trusting(receiver, trusted.format(port=origin(receiver).rpartition(":")[2]))
    assert receiver.received == []


@pytest.mark.parametrize("host", ["user:pw@127.0.0.1", "127.0.0.1\\@127.0.0.1"])
def test_it_still_checks_how_a_trusted_address_is_written(
    receiver: Receiver, settings: Any, host: str
) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    url = receiver.url.replace("127.0.0.1", host)
    with pytest.raises(http.UnsafeAddress):
        fetch_trusting(receiver, origin(receiver), url)
    assert receiver.received == []


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "https://127.0.0.1/", "//localhost/"])
def test_it_checks_a_redirect_away_from_what_it_trusts(
    receiver: Receiver, settings: Any, target: str
) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    receiver.answers = [status(302, Location=target)]
    with pytest.raises(http.UnsafeAddress):
        fetch_trusting(receiver, origin(receiver))


def raw(*parts: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        for part in parts:
            handler.wfile.write(part)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"


def test_it_reads_nothing_of_a_redirect(receiver: Receiver) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /next\r\n\r\n")
        while not receiver.closing.wait(0.02):
            handler.wfile.write(b"x")

    receiver.answers = [endless, status(200, body=b"here")]
    assert fetch(receiver, total=5) == b"here"


def test_it_refuses_too_much_without_a_length(receiver: Receiver) -> None:
    receiver.answers = [raw(OK, b"\r\n", b"x" * MEGABYTE)]
    with pytest.raises(http.TooLarge):
        fetch(receiver, max_bytes=MEGABYTE - 1)
    assert len(fetch(receiver, max_bytes=MEGABYTE)) == MEGABYTE


@pytest.mark.parametrize(
    "parts",
    [
        (OK, b"Content-Length: 2000\r\n\r\n", b"x" * 1000),
        (OK, b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n"),
        (OK, b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\nabc\r\n"),
    ],
)
def test_it_refuses_a_short_answer(receiver: Receiver, parts: tuple[bytes, ...]) -> None:
    receiver.answers = [raw(*parts)]
    with pytest.raises(http.Truncated):
        fetch(receiver)


def test_it_refuses_a_packed_answer(receiver: Receiver) -> None:
    receiver.answers = [status(200, body=b"x", Content_Encoding="gzip")]
    with pytest.raises(http.Unreachable):
        fetch(receiver)


@pytest.mark.parametrize("start", [OK + b"X-Slow: ", OK + b"Content-Length: 9999\r\n\r\n"])
def test_it_bounds_the_time_however_slowly_it_drips(receiver: Receiver, start: bytes) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        while not receiver.closing.wait(0.02):
            handler.wfile.write(b"x")

    receiver.answers = [answer]
    began = time.monotonic()
    with pytest.raises(http.TooSlow):
        fetch(receiver, total=0.4)
    assert 0.3 < time.monotonic() - began < 5


def test_nobody_there(settings: Any) -> None:
    settings.FETCH_ALLOW_PRIVATE = True
    with pytest.raises(http.Unreachable), http.stream("http://127.0.0.1:1/", max_bytes=1):
        pass
