"""Buying credits over HTTP: the real Stripe library, a payment page, signed events."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import stripe

from billing import credits, packs, tasks
from billing.amounts import to_micro
from billing.models import Entry, Order, Pack, StripeEvent
from tests.billing.conftest import SECRET, Shop
from tests.conftest import Person
from tests.queue import drain_queue
from webhooks.models import Endpoint, Message

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


def buy(person: Person, slug: str = "small") -> Order:
    answer = person.browser.post(f"/credits/buy/{slug}/")
    order = Order.objects.get(workspace=person.workspace)
    assert (answer.status_code, answer["Location"]) == (302, order.checkout_url)
    return order


def come_back(person: Person, answer: requests.Response) -> str:
    """What the page says to which the payment page sends the buyer."""
    assert answer.status_code == 303
    target = urlsplit(answer.headers["Location"])
    page = person.browser.get(f"{target.path}?{target.query}")
    assert page.status_code == 200
    return str(page.content.decode())


def balance(person: Person) -> int:
    return credits.balance(person.workspace).balance // to_micro(1)


def test_it_credits_a_paid_order_by_its_event(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "pay")
    assert shop.deliver() == [
        "payment_intent.succeeded",
        "invoice.paid",
        "checkout.session.completed",
    ]
    assert balance(ada) == 100
    drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("paid", 200)
    assert order.stripe_payment_intent.startswith("pi_")
    assert [change.now for change in order.changes.all()] == ["open", "paid"]
    # The invoice of a purchase is a receipt: it has been looked at, and brings nothing more.
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {"done"}


def test_the_history_names_the_order_once(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    come_back(ada, shop.press(order.checkout_url, "pay"))
    page = ada.browser.get("/credits/entries/").content.decode()
    assert f'<a href="/credits/orders/{order.public_id}/">Order</a>' in page
    assert page.count(order.public_id) == 1


def test_it_credits_once_however_often_it_hears_of_it(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    paid = shop.press(order.checkout_url, "pay")
    assert "Thank you" in come_back(ada, paid)
    assert balance(ada) == 200
    shop.deliver()
    for event in shop.events():
        assert shop.send(event)
        # Stripe sometimes makes two events of one change.
        assert shop.send({**event, "id": event["id"] + "_twin"})
    drain_queue()
    assert "Thank you" in come_back(ada, paid)
    assert balance(ada) == 200
    assert Entry.objects.filter(kind="purchase").count() == 1
    assert StripeEvent.objects.count() == 6


def test_it_works_each_event_once(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "pay")
    shop.deliver()
    for event in shop.events():
        shop.send(event)
    drain_queue()
    assert set(StripeEvent.objects.values_list("attempts", flat=True)) == {1}


def test_it_credits_through_the_api_too(ada: Person, shop: Shop) -> None:
    answer = ada.api.post("/checkouts", {"pack": "medium"})
    assert answer.status_code == 201
    assert answer.json()["id"].startswith("ord_")
    shop.press(answer.json()["url"], "pay")
    shop.deliver()
    drain_queue()
    assert ada.api.get("/credits").json()["balance"] == "600"


def test_it_says_that_nothing_is_paid_yet(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    page = ada.browser.get(f"/credits/orders/{order.public_id}/").content.decode()
    assert "Waiting for your payment" in page
    assert balance(ada) == 100


def test_it_tells_a_buyer_who_cancels_that_nothing_was_taken(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    page = come_back(ada, shop.press(order.checkout_url, "cancel"))
    assert "You have not paid" in page
    assert order.checkout_url in page


def test_a_declined_card_leaves_the_order_open(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    declined = shop.press(order.checkout_url, "decline")
    assert "The card was declined" in declined.text
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("open", 100)
    shop.press(order.checkout_url, "pay")
    shop.deliver()
    drain_queue()
    assert balance(ada) == 200


def test_it_waits_for_a_delayed_payment(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    page = come_back(ada, shop.press(order.checkout_url, "later"))
    assert "on its way" in page
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("processing", 100)
    shop.press(order.checkout_url, "arrive")
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("paid", 200)


def test_it_says_that_a_delayed_payment_failed(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    later = shop.press(order.checkout_url, "later")
    shop.press(order.checkout_url, "fail")
    assert "did not go through" in come_back(ada, later)
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("failed", 100)


def test_it_closes_an_expired_order(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    assert order.stripe_session_id is not None
    shop.change(order.stripe_session_id, expires_at=1)
    page = ada.browser.get(f"/credits/orders/{order.public_id}/").content.decode()
    assert "This order has expired" in page
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("expired", 100)


def test_events_in_the_wrong_order_change_nothing_in_the_end(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "later")
    shop.press(order.checkout_url, "arrive")
    for event in reversed(shop.events()):
        shop.send(event)
        drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("paid", 200)


@pytest.mark.parametrize(
    "told",
    [
        {"amount_subtotal": 100},
        {"currency": "jpy"},
        {"client_reference_id": "ord_of_somebody_else"},
        {"mode": "setup"},
        {"livemode": True},
        {"payment_status": "no_payment_required"},
    ],
)
def test_it_puts_what_does_not_fit_under_review(
    ada: Person, shop: Shop, told: dict[str, object]
) -> None:
    order = buy(ada)
    assert order.stripe_session_id is not None
    paid = shop.press(order.checkout_url, "pay")
    shop.change(order.stripe_session_id, **told)
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("review", 100)
    # Whatever the reason, it stands where the operator looks for it.
    assert order.attention == order.changes.get(now="review").reason != ""
    assert "a person will check it" in come_back(ada, paid)


def test_it_opens_the_same_session_when_the_answer_was_lost(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    session = order.stripe_session_id
    Order.objects.update(state="new", stripe_session_id=None, checkout_url="")
    tasks.sync_order(order.pk)
    order.refresh_from_db()
    assert (order.state, order.stripe_session_id) == ("open", session)


def test_an_event_finds_the_order_whose_session_was_not_stored(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "pay")
    Order.objects.update(state="new", stripe_session_id=None, checkout_url="")
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("paid", 200)


def test_it_tries_again_when_stripe_does_not_answer(ada: Person, shop: Shop, settings: Any) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "pay")
    shop.deliver()
    here = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    drain_queue(due_only=False)
    assert balance(ada) == 100
    waiting = StripeEvent.objects.filter(state="new")
    assert waiting.count() == 3
    assert all("did not answer" in event.last_error for event in waiting)
    settings.STRIPE_API_BASE = here
    drain_queue(due_only=False)
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("paid", 200)


def test_it_answers_clearly_while_stripe_is_away(ada: Person, shop: Shop, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    answer = ada.api.post("/checkouts", {"pack": "small"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    page = ada.browser.post("/credits/buy/small/", follow=True).content.decode()
    assert "Stripe did not answer. Please try again in a minute." in page


def test_it_keeps_what_the_provider_said_for_the_operator(
    ada: Person, shop: Shop, settings: Any, admin_client: Any
) -> None:
    order = buy(ada)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    page = ada.browser.post("/credits/portal/", follow=True).content.decode()
    assert "Stripe did not answer. Please try again in a minute." in page
    assert "communicating with Stripe" not in page
    action = {"action": "sync_with_stripe", "_selected_action": [order.pk]}
    told = admin_client.post("/admin/billing/order/", action, follow=True).content.decode()
    assert "communicating with Stripe" in told


def test_an_order_that_never_got_a_page_can_be_cancelled(
    ada: Person, shop: Shop, settings: Any
) -> None:
    waiting = buy(ada)
    here = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    ada.browser.post("/credits/buy/small/")
    order = Order.objects.exclude(pk=waiting.pk).get()
    address = f"/credits/orders/{order.public_id}/"
    assert f'action="{address}cancel/"' in ada.browser.get(address).content.decode()
    page = ada.browser.post(f"{address}cancel/", follow=True).content.decode()
    assert "This order is cancelled" in page
    assert f'action="{address}cancel/"' not in page
    settings.STRIPE_API_BASE = here
    tasks.sync_order(order.pk)
    order.refresh_from_db()
    assert (order.state, order.stripe_session_id) == ("expired", None)


def test_it_fails_an_order_that_stripe_refuses(ada: Person, shop: Shop) -> None:
    draft = packs.draft_from(Pack.objects.get(slug="small"))
    Pack.objects.filter(pk=draft.pk).update(stripe_price_id="price_of_another_account")
    packs.put_on_sale(draft)
    page = ada.browser.post("/credits/buy/small/", follow=True).content.decode()
    assert "did not accept" in page
    order = Order.objects.get()
    assert order.state == "failed"
    assert "price_of_another_account" in order.changes.get().reason
    answer = ada.browser.get(f"/credits/orders/{order.public_id}/")
    assert 'action="/credits/buy/small/"' in answer.content.decode()
    assert shop.sandbox.url in answer["Content-Security-Policy"]


def test_it_asks_stripe_for_what_the_order_says(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    assert order.stripe_session_id is not None
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": shop.sandbox.url})
    session = client.v1.checkout.sessions.retrieve(order.stripe_session_id)
    assert (session.client_reference_id, session.amount_subtotal, session.currency) == (
        order.public_id,
        1800,
        "usd",
    )
    assert session.metadata is not None
    assert session.metadata["order"] == order.public_id


def test_it_announces_the_purchase_once(ada: Person, shop: Shop) -> None:
    Endpoint.objects.create(workspace=ada.workspace, url="http://127.0.0.1:9/")
    order = buy(ada)
    paid = shop.press(order.checkout_url, "pay")
    come_back(ada, paid)
    come_back(ada, paid)
    body = json.loads(Message.objects.get(workspace=ada.workspace).body)
    assert body["type"] == "credits.purchased"
    assert body["data"] == {"order": order.public_id, "credits": "100", "balance": "200"}


def test_an_order_of_another_workspace_is_not_there(
    ada: Person, charlie: Person, shop: Shop
) -> None:
    order = buy(ada)
    for page in ("", "canceled/"):
        answer = charlie.browser.get(f"/credits/orders/{order.public_id}/{page}")
        assert answer.status_code == 404


def test_events_are_signed_with_the_secret_in_force(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    shop.sandbox.delivery.secret = "whsec_an_old_one"
    shop.press(order.checkout_url, "pay")
    assert shop.deliver() == []
    assert not StripeEvent.objects.exists()
    shop.sandbox.delivery.secret = SECRET
    assert len(shop.deliver()) == 3
