"""The payment sandbox speaks to the real library, and refuses what Stripe would refuse."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
import stripe

from billing.sandbox import clock
from billing.sandbox.account import Account
from billing.sandbox.server import Sandbox
from tests.billing.sandbox.conftest import ITEM, SESSION, client


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
        ({"mode": "rent"}, "mode"),
        ({"success_url": "nowhere"}, "success_url"),
        ({"line_items": [{**ITEM, "quantity": 0}]}, "line_items[0][quantity]"),
        ({"line_items": [{**ITEM, "colour": "red"}]}, "line_items[0][colour]"),
        ({"metadata": {"k" * 41: "x"}}, f"metadata[{'k' * 41}]"),
        ({"expires_at": int(time.time()) + 60}, "expires_at"),
        ({"line_items": [{"price": "price_1", "quantity": 1}]}, "line_items[0][price]"),
        ({"shipping_options": [{"shipping_rate": "shr_1"}]}, "shipping_options[0][shipping_rate]"),
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


def test_it_forgets_a_key_after_a_day(sessions: Any, sandbox: Sandbox) -> None:
    first = sessions.create(SESSION, {"idempotency_key": "order:1"})
    clock.advance(Account(sandbox.store), 24 * 3600 + 1)
    assert sessions.create(SESSION, {"idempotency_key": "order:1"}).id != first.id


def test_a_program_need_not_know_that_the_clock_was_set(sessions: Any, sandbox: Sandbox) -> None:
    clock.advance(Account(sandbox.store), 90 * 24 * 3600)
    at = int(time.time()) + 3600
    made = sessions.create({**SESSION, "expires_at": at})
    assert (made.expires_at, sessions.retrieve(made.id).status) == (at, "open")
    clock.advance(Account(sandbox.store), 3601)
    assert sessions.retrieve(made.id).status == "expired"


def test_it_expands_what_it_is_asked_to(sessions: Any) -> None:
    made = sessions.create(SESSION)
    listed = sessions.list({"expand": ["data.line_items", "data.payment_intent"]}).data[0]
    assert listed.line_items.data[0].description == "100 credits"
    for wrong in ("colour", "livemode", "a.b.c.d.e"):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sessions.retrieve(made.id, {"expand": [wrong]})
        assert refused.value.param == "expand"


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
        client(sandbox.url).v1.transfers.create(
            {"amount": 1, "currency": "usd", "destination": "acct_1"}
        )
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
    assert "$18.00" in page.text
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
