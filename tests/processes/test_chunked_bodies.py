"""Bodies in chunks through the real web server."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from http.client import HTTPConnection

import pytest

from tests.installation import Installation
from tests.kling_saas.test_processes import Serving

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
QUOTE = b'{"operation": "text-to-audio", "input": {"prompt": "rain", "duration": 3}}'


def test_it_reads_what_comes_in_chunks(installed: Installation) -> None:
    serving = Serving(installed)
    port, key = int(installed.environment["PORT"]), serving.said("API key")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        for _ in range(2):  # the connection stays usable
            connection.request("POST", "/api/v1/quotes", iter([QUOTE[:9], QUOTE[9:]]), headers)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status < 300, content
            assert json.loads(content)["credits"]
    assert b" 400 " in broken(port).splitlines()[0]


def broken(port: int) -> bytes:
    head = b"POST /api/v1/quotes HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head + b"zz\r\n{}\r\n0\r\n\r\n")
        return connection.recv(65536)
