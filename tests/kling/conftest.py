"""A provider on loopback that answers what a test has written down for it."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kling.accounts import Account
from kling.client import KlingClient
from kling.transport import PooledTransport, Timeouts

PAYLOADS = Path(__file__).parent.parent / "payloads"

QUICK = Timeouts(connect=0.5, read=0.4, total=1.2)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = Callable[["Handler"], None]


@dataclass
class ScriptedProvider:
    """Replies in the order written down; ``received`` is what came in."""

    address: str
    released: threading.Event = field(default_factory=threading.Event)
    replies: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def answer(
        self, body: Any, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.replies.append(lambda handler: handler.reply(status, raw, headers or {}))

    def reset(self) -> None:
        self.replies.append(lambda handler: handler.reset())

    def hang(self) -> None:
        self.replies.append(lambda handler: handler.hang())

    def break_off(self, raw: bytes) -> None:
        self.replies.append(lambda handler: handler.break_off(raw))

    def drip(self) -> None:
        self.replies.append(lambda handler: handler.drip())

    def client(self, dialect: str = "cometapi", **account: Any) -> KlingClient:
        secret = {} if "access_key" in account else {"key": "sk-fox-secret-0001"}
        if dialect == "cloudsway":
            secret["endpoint_path"] = "ep-fox"
        values = {"base_url": self.address, **secret, **account}
        return KlingClient(Account(dialect, **values), PooledTransport(timeouts=QUICK))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider: ScriptedProvider

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        provider = self.provider
        provider.received.append(Received(self.command, self.path, headers, body))
        provider.replies.pop(0)(self)

    do_GET = do_POST = handle_any  # noqa: N815  named by http.server

    def reply(self, status: int, raw: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)  # close with RST instead of FIN
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def hang(self) -> None:
        self.provider.released.wait(30)
        self.close_connection = True

    def break_off(self, raw: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw) + 100))
        self.end_headers()
        self.wfile.write(raw)
        self.close_connection = True

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        while not self.provider.released.wait(0.1):
            try:
                self.wfile.write(b" ")
            except OSError:
                break
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args: object) -> None:
        """A reset connection is what some tests ask for, not news."""


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    handler = type("BoundHandler", (Handler,), {})
    server = QuietServer(("127.0.0.1", 0), handler)
    scripted = ScriptedProvider(f"http://127.0.0.1:{server.server_port}")
    handler.provider = scripted
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield scripted
    scripted.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue is full: it neither takes a connection nor refuses it."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])
