"""Customers, products, prices, codes, lists: what is there besides payments."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
import requests
import stripe

from billing.sandbox.account import ACCOUNT_ID
from tests.billing.sandbox.conftest import SESSION, Desk


def test_it_keeps_customers(desk: Desk) -> None:
    customers = desk.stripe.customers
    made = customers.create(
        {"email": "ada@example.com", "name": "Ada", "metadata": {"workspace": "ws_1"}},
        {"idempotency_key": "workspace:1:customer"},
    )
    again = customers.create(
        {"email": "ada@example.com", "name": "Ada", "metadata": {"workspace": "ws_1"}},
        {"idempotency_key": "workspace:1:customer"},
    )
    assert again.id == made.id
    customers.update(made.id, {"email": "ada@studio.example"})
    known = customers.retrieve(made.id)
    assert (known.email, known.name, known.metadata.to_dict()) == (
        "ada@studio.example",
        "Ada",
        {"workspace": "ws_1"},
    )
    assert [one.id for one in customers.list({"email": "ada@studio.example"}).data] == [made.id]


def test_a_deleted_customer_is_gone_for_good(desk: Desk) -> None:
    customers = desk.stripe.customers
    made = customers.create({"email": "ada@example.com"})
    assert customers.delete(made.id).deleted
    assert customers.retrieve(made.id).deleted
    assert customers.list().data == []
    for refused in (
        lambda: customers.update(made.id, {"name": "x"}),
        lambda: desk.stripe.checkout.sessions.create({**SESSION, "customer": made.id}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as missing:
            refused()
        assert missing.value.code == "resource_missing"
    assert desk.events("customer.*") == ["customer.created", "customer.deleted"]


def price(**fields: Any) -> dict[str, Any]:
    return {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Pack"}, **fields}


def test_the_amount_of_a_price_never_changes(desk: Desk) -> None:
    made = desk.stripe.prices.create(price(lookup_key="pack"))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.prices.update(made.id, {"unit_amount": 1})
    assert refused.value.param == "unit_amount"
    with pytest.raises(stripe.InvalidRequestError, match="lookup key"):
        desk.stripe.prices.create(price(lookup_key="pack"))
    other = desk.stripe.prices.create(price(lookup_key="pack", transfer_lookup_key=True))
    found = desk.stripe.prices.list({"lookup_keys": ["pack"], "active": True}).data
    assert [one.id for one in found] == [other.id]


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        (price(unit_amount=-1), "unit_amount"),
        (price(currency="dollars"), "currency"),
        (price(currency="zzz"), "currency"),
        ({"currency": "usd", "unit_amount": 1}, "product"),
        ({"currency": "usd", "product_data": {"name": "x"}}, "unit_amount"),
    ],
)
def test_it_refuses_a_price_that_is_none(desk: Desk, wanted: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.prices.create(wanted)
    assert refused.value.param == param


def test_it_pages_through_a_list_both_ways(desk: Desk) -> None:
    made = [desk.stripe.products.create({"name": str(number)}).id for number in range(5)]
    products = desk.stripe.products
    forward = products.list({"limit": 2})
    assert [one.id for one in forward.auto_paging_iter()] == made[::-1]
    backward = products.list({"limit": 2, "ending_before": made[0]})
    assert [one.id for one in backward.auto_paging_iter()] == made[1:]
    with pytest.raises(stripe.InvalidRequestError):
        products.list({"starting_after": "prod_none"})
    with pytest.raises(stripe.InvalidRequestError):
        products.list({"limit": 101})


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer sk_test_x", 200),
        ("Basic " + b64encode(b"sk_test_x:").decode(), 200),
        ("Basic " + b64encode(b"sk_live_x:").decode(), 401),
        ("Basic " + b64encode(b"\xff:").decode(), 401),
        ("Basic no-base64!", 401),
        ("Digest sk_test_x", 401),
        ("", 401),
    ],
)
def test_it_takes_the_key_as_stripe_does(desk: Desk, authorization: str, status: int) -> None:
    asked = requests.get(
        f"{desk.sandbox.url}/v1/account", headers={"Authorization": authorization}, timeout=10
    )
    assert asked.status_code == status


def test_it_says_whose_account_it_is(desk: Desk) -> None:
    assert desk.stripe.accounts.retrieve_current().id == ACCOUNT_ID


def test_it_lists_events_by_whether_they_arrived(desk: Desk) -> None:
    desk.paid()
    events = desk.stripe.events
    waiting = events.list({"delivery_success": False}).data
    assert {event.type for event in waiting} == {
        "payment_intent.succeeded",
        "checkout.session.completed",
    }
    first, second = desk.sandbox.store.due()
    desk.sandbox.store.delivered(first.id)
    left = events.list({"delivery_success": False}).data
    assert [event.id for event in left] == [second.event_id]
    assert events.retrieve(first.event_id).pending_webhooks == 0
    with pytest.raises(stripe.InvalidRequestError):
        events.list({"types": ["a"] * 21})


def test_it_speaks_one_version(desk: Desk) -> None:
    old = {"stripe_version": "2025-03-31.basil"}
    with pytest.raises(stripe.InvalidRequestError, match="endive"):
        desk.stripe.customers.create({}, old)
