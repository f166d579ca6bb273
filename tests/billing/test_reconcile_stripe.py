"""`manage.py reconcile_stripe`: finds what no event has told, repairs it, and lists the rest."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
import stripe
from django.core.management import CommandError, call_command

from billing import tasks
from billing.models import Entry, Order, StripeEvent
from billing.sandbox.account import Account
from kling_saas.schedules import SCHEDULES
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_money_back import hear, standing
from tests.billing.test_purchase import balance
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]

ITEM = {
    "quantity": 1,
    "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "A mug"}},
}


def reconcile() -> dict[str, Any]:
    output = StringIO()
    call_command("reconcile_stripe", stdout=output)
    return dict(json.loads(output.getvalue()))


def forget_events(shop: Shop) -> None:
    """As if each had been delivered: they are no help any more."""
    for delivery_id, *_ in shop.sandbox.store.due():
        shop.sandbox.store.delivered(delivery_id)


def test_it_credits_what_was_paid(ada: Person, shop: Shop, order: Order) -> None:
    forget_events(shop)
    report = reconcile()
    assert report["repaired"] == [
        {"order": order.public_id, "was": "open", "now": "paid", "taken_back": "0"}
    ]
    assert report["decide"] == []
    assert (report["sessions"], report["balance_transactions"]) == (1, 1)
    assert balance(ada) == 200


def test_it_takes_back_what_was_refunded_and_disputed(
    ada: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    hear(shop)
    bank.refund(order, 450)
    bank.dispute(order, amount=450)
    forget_events(shop)
    (repaired,) = reconcile()["repaired"]
    assert repaired["taken_back"] == "50"
    assert standing(order) == ("paid", 900, 50)


def test_it_gives_back_what_came_back(ada: Person, shop: Shop, bank: Bank, order: Order) -> None:
    dispute = bank.dispute(order)
    hear(shop)
    assert standing(order) == ("paid", 1800, 100)
    bank.close_dispute(dispute, won=True)
    forget_events(shop)
    (repaired,) = reconcile()["repaired"]
    assert repaired["taken_back"] == "-100"
    assert standing(order) == ("paid", 0, 0)


def test_it_changes_nothing_the_second_time(
    ada: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    bank.refund(order, 450)
    forget_events(shop)
    reconcile()
    entries = Entry.objects.count()
    report = reconcile()
    assert (report["repaired"], report["decide"]) == ([], [])
    assert Entry.objects.count() == entries


def test_it_works_events_that_never_arrived(ada: Person, shop: Shop, order: Order) -> None:
    hear(shop)
    StripeEvent.objects.filter(type="checkout.session.completed").delete()
    completed = shop.events()[-1]
    assert completed["type"] == "checkout.session.completed"
    shop.sandbox.store.queue(completed["id"])
    report = reconcile()
    assert report["repaired"] == [{"event": completed["id"], "type": completed["type"]}]
    drain_queue()
    assert StripeEvent.objects.get(pk=completed["id"]).state == "done"


def test_it_lists_what_no_order_explains(ada: Person, shop: Shop) -> None:
    """Somebody else sells with the same Stripe account, or a database was restored."""
    client = stripe.StripeClient("sk_test_x", base_addresses={"api": shop.sandbox.url}).v1
    session = client.checkout.sessions.create(
        {"mode": "payment", "line_items": [ITEM], "success_url": "http://127.0.0.1:1/"}
    )
    shop.press(session.url, "pay")
    intent = client.checkout.sessions.retrieve(session.id).payment_intent
    refund = client.refunds.create({"payment_intent": intent, "amount": 100})
    decide = reconcile()["decide"]
    kinds = [(one["kind"], one["id"]) for one in decide]
    assert ("session", session.id) in kinds
    assert ("refund", refund.id) in kinds
    assert [kind for kind, _ in kinds].count("balance_transaction") == 2
    assert balance(ada) == 100


def test_it_lists_orders_under_review_and_failed_events(
    ada: Person, shop: Shop, order: Order
) -> None:
    assert order.stripe_session_id is not None
    shop.change(order.stripe_session_id, amount_subtotal=1)
    hear(shop)
    StripeEvent.objects.filter(type="payment_intent.succeeded").update(state="failed")
    decide = reconcile()["decide"]
    assert {one["kind"] for one in decide} >= {"order", "event"}
    (about,) = [one for one in decide if one["id"] == order.public_id]
    assert "amount_subtotal is 1, not 1800" in about["why"]


def test_a_second_payment_of_one_order_is_a_persons_to_decide(
    ada: Person, shop: Shop, order: Order
) -> None:
    hear(shop)
    account = Account(shop.sandbox.store)
    first = account.get("checkout.session", order.stripe_session_id or "")
    account.new("checkout.session", "cs_test", {**first, "id": "cs_test_second"})
    (about,) = reconcile()["decide"]
    assert (about["kind"], "second payment" in about["why"]) == ("session", True)
    assert balance(ada) == 200


def test_it_says_when_stripe_does_not_answer(shop: Shop, settings: Any) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="did not answer"):
        reconcile()


def test_it_runs_every_day(ada: Person, shop: Shop, order: Order) -> None:
    assert "billing.tasks.reconcile" in SCHEDULES
    forget_events(shop)
    tasks.reconcile()
    assert balance(ada) == 200
