"""Clients that keep the web server waiting, in numbers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from threading import Event
from time import monotonic

import pytest

from tests.installation import Installation
from tests.kling_saas.test_processes import Serving
from tests.processes.test_chunked_bodies import QUOTE

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
MANY = 40  # more than there are threads
NOTHING = b""
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
ASKED = b"GET /healthz HTTP/1.0\r\n\r\n"
HALF_A_BODY = (
    "POST /api/v1/quotes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    "Authorization: Bearer {key}\r\nContent-Length: 500\r\n\r\n{{"
)


def test_they_do_not_stop_the_site(installed: Installation) -> None:
    serving = Serving(installed)
    port, key = int(installed.environment["PORT"]), serving.said("API key")
    # Heads are collected without a thread: nobody notices.
    assert seconds_beside(port, NOTHING) < 3
    assert seconds_beside(port, HALF_A_HEAD) < 3
    # Nor does anybody wait for those who stay when they have got their answer.
    assert seconds_beside(port, ASKED) < 3
    # Bodies need one, until patience ends.
    assert seconds_beside(port, HALF_A_BODY.format(key=key).encode()) < 40
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        for _ in range(2):
            steadily(connection, key)
    assert two_in_one_breath(port) == 2
    assert "Traceback" not in serving.output()


def seconds_beside(port: int, said: bytes) -> float:
    """Until somebody else is answered; then all those who said that are gone by and by."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            for _ in range(MANY)
        ]
        for client in clients:
            client.sendall(said)
        began = monotonic()
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as other:
            other.request("GET", "/healthz")
            assert other.getresponse().status == 200
        answered = monotonic() - began
        for client in clients:
            with suppress(ConnectionResetError):
                while client.recv(65536):
                    pass  # until the server closes it
    return answered


def steadily(connection: HTTPConnection, key: str) -> None:
    """A body for which more time is needed than silence would be given."""
    pause, began = Event(), monotonic()
    padding = b" " * 3000

    def pieces() -> Iterator[bytes]:
        while monotonic() - began < 7:
            yield padding
            pause.wait(1)
        yield QUOTE

    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/quotes", pieces(), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 201, answer.read()
    answer.read()


def two_in_one_breath(port: int) -> int:
    """Answers to two requests that come together, and are longer than gunicorn reads at once."""
    one = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 6000 + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(one + one)
        answers = b""
        while answers.count(b"200 OK") < 2 and (piece := connection.recv(65536)):
            answers += piece
    return answers.count(b"200 OK")
