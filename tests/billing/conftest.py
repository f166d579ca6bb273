from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from accounts.models import Plan, Workspace
from billing import ledger
from billing.event_types import EVENT_TYPES
from billing.models import Order
from billing.sandbox.account import ACCOUNT_ID
from billing.sandbox.server import Sandbox
from tests.billing.bank import Bank
from tests.billing.stripe_answers import Checked, complaints
from tests.conftest import Person

SECRET = "whsec_of_the_tests"


@pytest.fixture
def workspace(db: None) -> Workspace:
    return _workspace("Ada's studio")


@pytest.fixture
def stranger(db: None) -> Workspace:
    return _workspace("Charlie's studio")


def _workspace(name: str) -> Workspace:
    return Workspace.objects.create(name=name, plan=Plan.objects.get(slug="unlimited"))


class Shop:
    """The payment sandbox, the product's own address, and a buyer's browser between them.

    Events wait until `deliver` sends them, so that a test decides when and how often.
    """

    def __init__(self, sandbox: Sandbox, product: str) -> None:
        self.sandbox = sandbox
        self.product = product

    def press(self, checkout_url: str, button: str) -> requests.Response:
        """Press a button of the payment page; the answer is not followed back to the product."""
        return requests.post(f"{checkout_url}/{button}", allow_redirects=False, timeout=10)

    def deliver(self) -> list[str]:
        """Send what waits to the product's hook; the types of the events that were taken."""
        taken = []
        with requests.Session() as session:
            for waiting in self.sandbox.store.due():
                event = self.sandbox.store.get("event", waiting.event_id)
                assert event is not None
                if self.sandbox.delivery.send(session, event):
                    self.sandbox.store.delivered(waiting.id)
                    taken.append(event["type"])
        return taken

    def control(self, path: str, **form: Any) -> Any:
        """What banks, card holders, time and the network do: see `billing/sandbox/control.py`."""
        answer = requests.post(
            f"{self.sandbox.url}/control/{path}",
            data=form,
            headers={"Accept": "application/json"},
            timeout=10,
        )
        assert answer.ok, answer.text
        return answer.json()

    def send(self, event: dict[str, Any]) -> bool:
        with requests.Session() as session:
            return self.sandbox.delivery.send(session, event)

    def events(self) -> list[dict[str, Any]]:
        """Those that the endpoint is subscribed to, oldest first."""
        events = self.sandbox.store.newest_first("event")[::-1]
        return [event for event in events if event["type"] in EVENT_TYPES]

    def change(self, session_id: str, **fields: Any) -> None:
        """Let Stripe say something else about a session than what we ordered."""
        row = self.sandbox.store.get("checkout.session", session_id)
        assert row is not None
        self.sandbox.store.put({**row, **fields})


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "payments") as running:
        yield running


@contextmanager
def running_sandbox(state: Path) -> Iterator[Sandbox]:
    """Serve it; what it has answered and told is checked at the end."""
    running = Sandbox(
        state=state,
        webhook_url="",
        webhook_secret=SECRET,
        host="127.0.0.1",
        port=0,
    )
    checked = Checked(running.application)
    running.server.set_app(checked)
    thread = threading.Thread(target=running.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield running
    running.server.shutdown()
    thread.join(timeout=5)
    events = running.store.newest_first("event")
    running.close()
    assert checked.complaints == []
    assert complaints(events) == []


@pytest.fixture
def shop(sandbox: Sandbox, live_server: Any, settings: Any) -> Shop:
    settings.STRIPE_SECRET_KEY = "sk_test_of_the_tests"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_the_next_one", SECRET]
    settings.STRIPE_API_BASE = sandbox.url
    settings.STRIPE_ACCOUNT_ID = ACCOUNT_ID
    settings.SITE_URL = live_server.url
    settings.PAYMENT_SANDBOX = True
    sandbox.delivery.url = f"{live_server.url}/hooks/stripe"
    return Shop(sandbox, live_server.url)


@pytest.fixture
def bank(sandbox: Sandbox) -> Bank:
    return Bank(sandbox)


@pytest.fixture
def stripe_side(sandbox: Sandbox) -> Any:
    """The real library, to look at or change what Stripe has."""
    return stripe.StripeClient("sk_test_x", base_addresses={"api": sandbox.url}).v1


@pytest.fixture
def order(ada: Person, shop: Shop) -> Order:
    """100 credits for $18.00, paid on Stripe's page. Nobody has told us yet."""
    answer = ada.browser.post("/credits/buy/small/")
    assert shop.press(answer["Location"], "pay").status_code == 303
    return Order.objects.get()


@pytest.fixture
def proven_ledger(db: None) -> Iterator[None]:
    yield
    assert ledger.check().violations == []


class Httpd:
    """A server that answers with the given codes in turn, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.arrived = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.arrived:
                    outer.bodies.append(body)
                    outer.headers.append(dict(self.headers))
                    code = outer.answers.pop(0) if outer.answers else 200
                    outer.arrived.notify_all()
                self.send_response(code)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/stripe"

    def wait_for(self, count: int) -> list[bytes]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.bodies) >= count, timeout=20)
            return list(self.bodies)


@pytest.fixture
def httpd() -> Iterator[Httpd]:
    running = Httpd()
    thread = threading.Thread(target=running.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield running
    running.server.shutdown()
    thread.join(timeout=5)
    running.server.server_close()
