"""HTTP: the API under /v1, the pages elsewhere."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from billing.sandbox import faults
from billing.sandbox.account import HERE, Account
from billing.sandbox.api import handling
from billing.sandbox.api.handling import Request
from billing.sandbox.delivery import Delivery
from billing.sandbox.errors import Refused
from billing.sandbox.pages import html, site
from billing.sandbox.store import Store

MAX_BODY = 256 * 1024

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]
Response = tuple[int, dict[str, str], str]

JSON = {"Content-Type": "application/json"}


class Application:
    def __init__(self, store: Store) -> None:
        self.store = store

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        status, headers, body = self._answer(environ)
        content = body.encode()
        headers["Content-Length"] = str(len(content))
        start(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [content]

    def _answer(self, environ: Environ) -> Response:
        request = _request(environ)
        if request.path.startswith("/v1/"):
            return self._api(request, environ["sandbox.connection"])
        if request.path == "/style.css":
            return 200, {"Content-Type": "text/css; charset=utf-8"}, html.STYLE
        if request.path.startswith("/control") and "json" in environ.get("HTTP_ACCEPT", ""):
            return self._control(request)
        return _response(self._page(request))

    def _api(self, request: Request, connection: socket.socket) -> Response:
        with self.store.transaction():
            fault = faults.of_reply(self.store) if request.method != "GET" else "ok"
        if fault == "fail":
            error = {"type": "api_error", "message": "The sandbox fails, as it was told to."}
            return 500, dict(JSON), json.dumps({"error": error})
        answer = handling.answer(self.store, request)
        if fault == "lose":
            # All is done, and the caller never hears of it.
            connection.shutdown(socket.SHUT_RDWR)
        return answer.status, dict(JSON), answer.body

    def _control(self, request: Request) -> Response:
        try:
            with self.store.transaction():
                row = site.control(Account(self.store), request.method, request.path, request.body)
        except Refused as exc:
            return exc.status, dict(JSON), json.dumps(exc.envelope())
        return 200, dict(JSON), json.dumps(row).replace(HERE, request.base)

    def _page(self, request: Request) -> html.Page | html.Redirect:
        try:
            with self.store.transaction():
                account = Account(self.store)
                return site.visit(account, request.method, request.path, request.body)
        except Refused as exc:
            return html.error(str(exc), status=exc.status)


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    # Without it each small answer waits 40 ms for the other side's acknowledgement.
    disable_nagle_algorithm = True

    def get_environ(self) -> Environ:
        return {**super().get_environ(), "sandbox.connection": self.connection}

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class Sandbox:
    """The whole stand-in. `serve_forever` delivers events, too; a test that serves `server` itself
    decides when they are sent.
    """

    def __init__(
        self, *, state: Path, webhook_url: str, webhook_secret: str, host: str, port: int
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.store = Store(state / "payments.sqlite3")
        self.application = Application(self.store)
        self.server = make_server(
            host, port, self.application, server_class=Server, handler_class=Handler
        )
        self.url = f"http://{host}:{self.server.server_port}"
        self.delivery = Delivery(self.store, url=webhook_url, secret=webhook_secret, base=self.url)

    def serve_forever(self) -> None:
        self.delivery.start()
        self.server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        self.delivery.stop()
        self.server.shutdown()

    def close(self) -> None:
        self.server.server_close()
        self.store.close()


def _request(environ: Environ) -> Request:
    length = min(int(environ.get("CONTENT_LENGTH") or 0), MAX_BODY)
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query=environ.get("QUERY_STRING", ""),
        body=environ["wsgi.input"].read(length).decode("utf-8", "replace"),
        key=environ.get("HTTP_AUTHORIZATION", ""),
        version=environ.get("HTTP_STRIPE_VERSION", ""),
        idempotency_key=environ.get("HTTP_IDEMPOTENCY_KEY", ""),
        base=f"http://{environ['HTTP_HOST']}",
    )


def _response(page: html.Page | html.Redirect) -> Response:
    if isinstance(page, html.Redirect):
        policy = html.policy([page.location])
        return 303, {"Location": page.location, "Content-Security-Policy": policy}, ""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": html.policy(page.leads_to),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return page.status, headers, page.body
