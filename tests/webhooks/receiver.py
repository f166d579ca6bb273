"""A receiver of webhooks on loopback that keeps what it got and answers as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """The body, if the official library accepts the signature; raises if not."""
        return Webhook(secret).verify(self.body, self.headers)


def status(code: int, *, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@dataclass
class Receiver:
    url: str
    received: list[Received] = field(default_factory=list)
    # What to answer next; the last one stays.
    answers: list[Answer] = field(default_factory=lambda: [status(204)])
    # Set at the end, so that an answer that dawdles does not outlive its test.
    closing: threading.Event = field(default_factory=threading.Event)

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.receiver = Receiver(url=f"http://127.0.0.1:{self.server_port}/hook")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The sender may hang up on a slow answer; that is what those tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self._take()

    def do_GET(self) -> None:
        self._take()

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        receiver = self.server.receiver
        receiver.received.append(Received(self.path, dict(self.headers.items()), body))
        receiver.next_answer()(self)

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def running() -> Iterator[Receiver]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.receiver
    server.receiver.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()
