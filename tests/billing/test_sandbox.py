"""The payment sandbox speaks to the real library, and refuses what Stripe would refuse."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from billing.sandbox.server import Sandbox

ITEM = {
    "quantity": 1,
    "price_data": {"currency": "usd", "unit_amount": 1800, "product_data": {"name": "100 credits"}},
}
SESSION: dict[str, Any] = {
    "mode": "payment",
    "line_items": [ITEM],
    "client_reference_id": "ord_1",
    "success_url": "http://127.0.0.1:1/done?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://127.0.0.1:1/canceled",
}


def client(url: str, key: str = "sk_test_x") -> Any:
    return stripe.StripeClient(key, base_addresses={"api": url})


@pytest.fixture
def sessions(sandbox: Sandbox) -> Any:
    return client(sandbox.url).v1.checkout.sessions


def test_it_makes_and_returns_a_session(sessions: Any) -> None:
    made = sessions.create(SESSION)
    again = sessions.retrieve(made.id)
    assert (again.id, again.status, again.payment_status) == (made.id, "open", "unpaid")
    assert (again.amount_total, again.amount_subtotal) == (1800, 1800)
    assert [row.id for row in sessions.list({"limit": 1}).data] == [made.id]


def test_it_expires_a_session_once(sessions: Any) -> None:
    made = sessions.create(SESSION)
    assert sessions.expire(made.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sessions.expire(made.id)
    assert refused.value.code == "checkout_session_not_open"


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"mode": "subscription"}, "mode"),
        ({"success_url": "nowhere"}, "success_url"),
        ({"line_items": [{**ITEM, "quantity": 0}]}, "line_items[0][quantity]"),
        ({"line_items": [{**ITEM, "colour": "red"}]}, "line_items[0][colour]"),
        ({"metadata": {"k" * 41: "x"}}, f"metadata[{'k' * 41}]"),
        ({"expires_at": int(time.time()) + 60}, "expires_at"),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "id"),
        ({"idempotency_key": "in the wrong place"}, "idempotency_key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_refuses_what_stripe_would(sessions: Any, changed: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sessions.create({**SESSION, **changed})
    assert refused.value.param == param


def test_it_misses_required_parts(sessions: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sessions.create({"mode": "payment", "success_url": SESSION["success_url"]})
    assert refused.value.code == "parameter_missing"


def test_it_repeats_its_answer_under_one_key(sessions: Any) -> None:
    first = sessions.create(SESSION, {"idempotency_key": "order:1"})
    again = sessions.create(SESSION, {"idempotency_key": "order:1"})
    other = sessions.create(SESSION, {"idempotency_key": "order:2"})
    assert again.id == first.id
    assert other.id != first.id


def test_it_refuses_another_request_under_the_same_key(sessions: Any) -> None:
    sessions.create(SESSION, {"idempotency_key": "order:1"})
    with pytest.raises(stripe.IdempotencyError):
        sessions.create({**SESSION, "client_reference_id": "ord_2"}, {"idempotency_key": "order:1"})


def test_a_refused_request_may_be_mended_under_its_key(sessions: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sessions.create({**SESSION, "mode": "x"}, {"idempotency_key": "order:1"})
    assert sessions.create(SESSION, {"idempotency_key": "order:1"}).status == "open"


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x", "nonsense"])
def test_it_takes_no_live_key(sandbox: Sandbox, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError):
        client(sandbox.url, key).v1.checkout.sessions.create(SESSION)


def test_it_does_not_know_other_things(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client(sandbox.url).v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client(sandbox.url).v1.checkout.sessions.retrieve("cs_test_none")
    assert missing.value.code == "resource_missing"


def test_its_page_is_marked_and_works_without_scripts(sessions: Any, sandbox: Sandbox) -> None:
    made = sessions.create(
        {**SESSION, "line_items": [{**ITEM, "price_data": {**ITEM["price_data"],
         "product_data": {"name": "<script>alert(1)</script>"}}}]}
    )  # fmt: skip
    page = requests.get(made.url, timeout=10)
    assert "Payment sandbox – no real money" in page.text
    assert "<script" not in page.text
    assert "18.00 USD" in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert requests.get(f"{sandbox.url}/style.css", timeout=10).status_code == 200
    assert made.id in requests.get(sandbox.url, timeout=10).text


def test_it_leads_back_with_the_sessions_id(sessions: Any) -> None:
    made = sessions.create(SESSION)
    back = requests.post(f"{made.url}/pay", allow_redirects=False, timeout=10)
    assert (back.status_code, back.headers["Location"]) == (
        303,
        f"http://127.0.0.1:1/done?session={made.id}",
    )
    twice = requests.post(f"{made.url}/pay", allow_redirects=False, timeout=10)
    assert twice.status_code == 400


def test_it_shows_events_as_stripe_does(sessions: Any, sandbox: Sandbox) -> None:
    made = sessions.create(SESSION)
    requests.post(f"{made.url}/pay", allow_redirects=False, timeout=10)
    events = client(sandbox.url).v1.events
    listed = events.list({"types": ["checkout.session.completed"]}).data
    assert [event.data.object.id for event in listed] == [made.id]
    assert events.retrieve(listed[0].id).type == "checkout.session.completed"
    paid = sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (paid.payment_intent.status, paid.payment_intent.amount) == ("succeeded", 1800)


class Process:
    """The sandbox as `make run` starts it."""

    def __init__(self, state: Path, webhook_url: str) -> None:
        command = [
            *(sys.executable, "-m", "billing.sandbox", "--state", str(state)),
            *("--webhook-url", webhook_url, "--webhook-secret", "whsec_x"),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("payment sandbox listening on http://127.0.0.1:")
        self.url = line.split()[-1]

    def stop(self) -> float:
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=10) == 0
        return time.monotonic() - started


@pytest.mark.processes
def test_it_keeps_its_state_and_stops_at_once(tmp_path: Path) -> None:
    first = Process(tmp_path, "http://127.0.0.1:9/hooks/stripe")
    made = client(first.url).v1.checkout.sessions.create(SESSION, {"idempotency_key": "order:1"})
    requests.post(f"{made.url}/pay", allow_redirects=False, timeout=10)
    assert first.stop() < 2
    second = Process(tmp_path, "http://127.0.0.1:9/hooks/stripe")
    sessions = client(second.url).v1.checkout.sessions
    assert sessions.retrieve(made.id).payment_status == "paid"
    assert sessions.create(SESSION, {"idempotency_key": "order:1"}).id == made.id
    assert second.stop() < 2


@pytest.mark.processes
def test_it_sends_an_event_until_it_is_taken(tmp_path: Path, httpd: Any) -> None:
    httpd.answers = [500, 503, 200]
    sandbox = Process(tmp_path, httpd.url)
    made = client(sandbox.url).v1.checkout.sessions.create(SESSION)
    client(sandbox.url).v1.checkout.sessions.expire(made.id)
    bodies = httpd.wait_for(3)
    sandbox.stop()
    assert len(set(bodies)) == 1
    header = httpd.headers[-1]["Stripe-Signature"]
    event = stripe.Webhook.construct_event(bodies[-1], header, "whsec_x")
    assert (event.type, event.data.object["id"]) == ("checkout.session.expired", made.id)
