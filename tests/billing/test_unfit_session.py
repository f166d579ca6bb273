"""A session that does not fit its order from the start: the buyer must not be sent anywhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from billing.models import Order
from tests.billing.conftest import Shop
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def dearer(shop: Shop, settings: Any) -> Iterator[None]:
    """Stripe's price is another one than the pack's: it answers with a different subtotal."""
    stripe = shop.sandbox.url

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = requests.post(stripe + self.path, body, headers=self.headers, timeout=10)
            session = json.dumps({**answer.json(), "amount_subtotal": 9900}).encode()
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(session)))
            self.end_headers()
            self.wfile.write(session)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
    yield
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()


def test_the_page_says_that_the_pack_cannot_be_bought(ada: Person) -> None:
    page = ada.browser.post("/credits/buy/small/", follow=True)
    assert page.status_code == 200
    assert "cannot be bought at the moment" in page.content.decode()
    order = Order.objects.get()
    assert order.state == "review"
    assert order.attention == "amount_subtotal is 9900, not 1800"


def test_the_api_gives_no_empty_address(ada: Person) -> None:
    answer = ada.api.post("/checkouts", {"pack": "small"})
    assert (answer.status_code, answer.json()["code"]) == (503, "payment_unavailable")
