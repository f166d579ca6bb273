"""HTTP: the API under /v1, the pages elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from billing.sandbox import pages
from billing.sandbox.api import Api, Request
from billing.sandbox.delivery import Delivery
from billing.sandbox.errors import Refused
from billing.sandbox.objects import INTENT, SESSION, Row
from billing.sandbox.payments import Payments
from billing.sandbox.store import Store

MAX_BODY = 256 * 1024
INDEX_SIZE = 50

Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]
Page = tuple[int, dict[str, str], str]


class Application:
    def __init__(self, store: Store) -> None:
        self.payments = Payments(store)
        self.store = store
        self.api = Api(self.payments)
        self.actions: dict[str, Callable[..., Row]] = {
            "pay": self.payments.pay,
            "decline": self.payments.decline,
            "later": self.payments.pay_later,
            "cancel": self.payments.session,
            "arrive": self.payments.arrive,
            "fail": self.payments.come_to_nothing,
        }

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        status, headers, body = self._answer(environ)
        content = body.encode()
        headers["Content-Length"] = str(len(content))
        start(f"{status} {HTTPStatus(status).phrase}", list(headers.items()))
        return [content]

    def _answer(self, environ: Environ) -> Page:
        request = _request(environ)
        if request.path.startswith("/v1/"):
            answer = self.api.answer(request)
            return answer.status, {"Content-Type": "application/json"}, answer.body
        if request.path == "/style.css":
            return 200, {"Content-Type": "text/css; charset=utf-8"}, pages.STYLE
        try:
            with self.store.transaction():
                return self._page(request)
        except Refused as exc:
            return _html(exc.status, pages.error_page(str(exc)))

    def _page(self, request: Request) -> Page:
        if request.path == "/":
            rows = self.store.newest_first(SESSION)[:INDEX_SIZE]
            return _html(200, pages.index_page([(row, self._is_waiting(row)) for row in rows]))
        match = re.fullmatch(r"/pay/(\w+)(?:/(\w+))?", request.path)
        if match and match[2] is None and request.method == "GET":
            return self._session_page(self.payments.session(match[1], base=request.base))
        if match and match[2] in self.actions and request.method == "POST":
            row = self.actions[match[2]](match[1], base=request.base)
            return self._after(match[2], row)
        raise Refused("There is no such page.", status=404)

    def _after(self, action: str, row: Row) -> Page:
        if action == "decline":
            return self._session_page(row, "The card was declined. You can try again.")
        back = row["cancel_url"] if action == "cancel" else row["success_url"]
        if not back:
            return self._session_page(row)
        location = back.replace("{CHECKOUT_SESSION_ID}", row["id"])
        return 303, {"Location": location, "Content-Security-Policy": pages.policy(row)}, ""

    def _session_page(self, row: Row, message: str = "") -> Page:
        page = pages.session_page(row, waiting=self._is_waiting(row), message=message)
        return _html(200, page, row)

    def _is_waiting(self, row: Row) -> bool:
        intent = self.store.get(INTENT, row["payment_intent"] or "")
        return intent is not None and intent["status"] == "processing"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    # Without it each small answer waits 40 ms for the other side's acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class Sandbox:
    """The whole stand-in: `with Sandbox(…) as sandbox:` in a test, `serve_forever` in a process."""

    def __init__(
        self, *, state: Path, webhook_url: str, webhook_secret: str, host: str, port: int
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.store = Store(state / "payments.sqlite3")
        self.application = Application(self.store)
        self.delivery = Delivery(self.store, url=webhook_url, secret=webhook_secret)
        self.server = make_server(
            host, port, self.application, server_class=Server, handler_class=Handler
        )
        self.url = f"http://{host}:{self.server.server_port}"

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
        idempotency_key=environ.get("HTTP_IDEMPOTENCY_KEY", ""),
        base=f"http://{environ['HTTP_HOST']}",
    )


def _html(status: int, body: str, row: Row | None = None) -> Page:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": pages.policy(row),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return status, headers, body
