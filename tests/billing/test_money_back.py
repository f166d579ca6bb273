"""Refunds and disputes: credits follow the money, whoever moved it, and come back with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from billing import credits
from billing.amounts import to_micro
from billing.models import Dispute, Entry, Freeze, Order, Refund
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance, buy
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


@pytest.fixture
def order(order: Order, shop: Shop) -> Order:
    """Paid and credited: with the 100 that she was given, Ada has 200."""
    hear(shop)
    return order


def hear(shop: Shop) -> None:
    shop.deliver()
    drain_queue()


def spend(person: Person, amount: str, *, key: str = "job") -> None:
    with transaction.atomic():
        hold = credits.hold(workspace=person.workspace, amount=to_micro(amount), key=key)
        credits.settle(hold=hold, amount=to_micro(amount))


def standing(order: Order) -> tuple[str, int, int]:
    """State, money that went back, and credits taken back for it."""
    order.refresh_from_db()
    return order.state, order.lost, order.clawed // to_micro(1)


def page(person: Person, order: Order) -> str:
    return str(person.browser.get(f"/credits/orders/{order.public_id}/").content.decode())


def test_a_refund_takes_its_share_of_the_credits(
    ada: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    bank.refund(order, 450)
    hear(shop)
    assert standing(order) == ("paid", 450, 25)
    assert balance(ada) == 175
    shown = page(ada, order)
    assert "A part of this order was paid back" in shown
    assert "25 of the 100 credits were taken back" in shown
    bank.refund(order, 1350)
    hear(shop)
    assert standing(order) == ("paid", 1800, 100)
    assert balance(ada) == 100
    assert "was paid back" in page(ada, order)
    assert set(order.refunds.values_list("status", "reason")) == {("succeeded", "Made at Stripe")}


def test_a_share_is_rounded_up(ada: Person, shop: Shop, bank: Bank, order: Order) -> None:
    bank.refund(order, 1)
    hear(shop)
    order.refresh_from_db()
    assert order.clawed == 55_556  # 100 credits / 1800, of a millionth


def test_a_refund_that_comes_back_gives_the_credits_back(
    ada: Person, shop: Shop, bank: Bank, order: Order, settings: Any
) -> None:
    settings.OPERATOR_EMAILS = ["operator@example.com"]
    refund = bank.refund(order, 900)
    hear(shop)
    assert balance(ada) == 150
    bank.finish_refund(refund, "failed")
    hear(shop)
    assert standing(order) == ("paid", 0, 0)
    assert balance(ada) == 200
    assert Refund.objects.get().failure == "expired_or_canceled_card"
    shown = page(ada, order)
    assert "Thank you" in shown
    assert "$9.00</span> (did not go through)" in shown
    (told,) = mail.outbox
    assert told.to == ["operator@example.com"]
    assert "expired_or_canceled_card" in told.body
    assert "came back, the buyer has no money" in told.subject


def test_what_is_spent_becomes_a_debt_that_the_next_purchase_pays(
    ada: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    spend(ada, "170")
    bank.dispute(order)
    hear(shop)
    assert standing(order) == ("paid", 1800, 100)
    now = credits.balance(ada.workspace)
    assert (now.balance, now.debt) == (0, to_micro(70))
    with pytest.raises(credits.InDebt), transaction.atomic():
        credits.hold(workspace=ada.workspace, amount=0, key="another")
    again = ada.browser.post("/credits/buy/small/")
    shop.press(again["Location"], "pay")
    hear(shop)
    now = credits.balance(ada.workspace)
    assert (now.balance, now.debt) == (to_micro(30), 0)
    repaid_by = Order.objects.latest("pk")
    assert "100 credits: 70 of them repaid what was owed" in page(ada, repaid_by)
    repayment, purchase, *_ = ada.api.get("/credits/entries").json()["data"]
    for entry, kind in ((repayment, "repayment"), (purchase, "purchase")):
        assert (entry["kind"], entry["reference"]) == (kind, repaid_by.public_id)
        assert entry["note"] == f"Order {repaid_by.public_id}"


def test_what_a_running_job_holds_is_not_taken(
    ada: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    with transaction.atomic():
        hold = credits.hold(workspace=ada.workspace, amount=to_micro(150), key="job")
    bank.refund(order, 1800)
    hear(shop)
    now = credits.balance(ada.workspace)
    assert (now.balance, now.held, now.debt) == (to_micro(150), to_micro(150), to_micro(50))
    with transaction.atomic():
        credits.release(hold=hold, reason="failed")
    now = credits.balance(ada.workspace)
    assert (now.balance, now.debt) == (to_micro(100), 0)


@pytest.mark.parametrize(("won", "left"), [(True, 200), (False, 100)])
def test_a_dispute_moves_credits_only_with_the_money(
    ada: Person, shop: Shop, bank: Bank, order: Order, won: bool, left: int
) -> None:
    dispute = bank.dispute(order, inquiry=True)
    hear(shop)
    assert standing(order) == ("paid", 0, 0)
    shown = page(ada, order)
    assert "The payment of this order is disputed" in shown
    assert "No money has moved for that yet" in shown
    bank.escalate(dispute)
    hear(shop)
    assert standing(order) == ("paid", 1800, 100)
    shown = page(ada, order)
    assert "$18.00 of your payment was taken back by your bank, until it has decided" in shown
    assert "$18.00</span> (under way)" in shown
    bank.close_dispute(dispute, won=won)
    hear(shop)
    assert balance(ada) == left
    title, verdict = (
        ("Thank you", "the payment stands")
        if won
        else ("This order was paid back", "your bank paid it back")
    )
    shown = page(ada, order)
    assert title in shown
    assert f"$18.00</span> (decided: {verdict})" in shown
    assert Dispute.objects.get().status == ("won" if won else "lost")
    assert not credits.balance(ada.workspace).frozen


def test_a_refund_and_a_dispute_add_up(ada: Person, shop: Shop, bank: Bank, order: Order) -> None:
    bank.refund(order, 600)
    bank.dispute(order, amount=1200)
    hear(shop)
    assert standing(order) == ("paid", 1800, 100)
    assert balance(ada) == 100
    shown = page(ada, order)
    assert "$6.00 of your payment was paid back" in shown
    assert "$12.00 of your payment was taken back by your bank, until it has decided" in shown
    assert ">Disputed</span>" in shown


def test_more_than_was_paid_takes_no_more_than_was_bought(
    ada: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    bank.refund(order, 600)
    bank.dispute(order)
    hear(shop)
    assert standing(order) == ("paid", 2400, 100)


def test_fraud_freezes_until_the_bank_lets_go(
    ada: Person, shop: Shop, bank: Bank, order: Order, settings: Any
) -> None:
    settings.OPERATOR_EMAILS = ["operator@example.com"]
    dispute = bank.dispute(order, reason="fraudulent", inquiry=True)
    hear(shop)
    assert [told.subject for told in mail.outbox] == [
        f"Order {order.public_id} disputed as fraudulent ({dispute})",
        f"Order {order.public_id} froze its workspace, reported as fraud (dispute:{dispute})",
    ]
    assert "fraud" in credits.balance(ada.workspace).frozen
    with pytest.raises(credits.AccountFrozen), transaction.atomic():
        credits.hold(workspace=ada.workspace, amount=0, key="job")
    bank.close_dispute(dispute, won=True)
    hear(shop)
    assert Dispute.objects.get().status == "warning_closed"
    assert credits.balance(ada.workspace).frozen == ""


def test_it_stays_frozen_while_one_cause_is_left(
    ada: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    bank.warn(order)
    dispute = bank.dispute(order, reason="fraudulent")
    hear(shop)
    bank.close_dispute(dispute, won=True)
    hear(shop)
    assert credits.balance(ada.workspace).frozen
    assert Freeze.objects.filter(lifted_at=None).count() == 1


def test_what_a_person_lifted_does_not_freeze_again(
    ada: Person, admin_client: Any, shop: Shop, bank: Bank, order: Order
) -> None:
    bank.warn(order)
    hear(shop)
    freeze = Freeze.objects.get()
    assert credits.balance(ada.workspace).frozen
    action = {"action": "lift", "_selected_action": [freeze.pk]}
    asked = admin_client.post("/admin/billing/freeze/", action).content.decode()
    assert "Why it is lifted" in asked
    assert f'name="_selected_action" value="{freeze.pk}"' in asked
    empty = admin_client.post("/admin/billing/freeze/", {**action, "because": " "})
    assert "This field is required" in empty.content.decode()
    assert credits.balance(ada.workspace).frozen
    admin_client.post("/admin/billing/freeze/", {**action, "because": "The buyer called"})
    freeze.refresh_from_db()
    assert (freeze.lifted_because, credits.balance(ada.workspace).frozen) == (
        "The buyer called",
        "",
    )
    bank.refund(order, 1)
    hear(shop)
    assert credits.balance(ada.workspace).frozen == ""


def test_the_operator_freezes_by_hand(ada: Person, admin_client: Any, shop: Shop) -> None:
    wanted = {"workspace": ada.workspace.pk, "reason": "We are looking into your account."}
    answer = admin_client.post("/admin/billing/freeze/add/", wanted)
    assert answer.status_code == 302
    assert credits.balance(ada.workspace).frozen == "We are looking into your account."
    assert Freeze.objects.get().created_by is not None


def test_money_may_go_back_before_we_heard_that_it_came(
    ada: Person, shop: Shop, bank: Bank
) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "pay")
    bank.refund(order, 1800)
    for event in reversed(shop.events()):
        shop.send(event)
        drain_queue()
    assert standing(order) == ("paid", 1800, 100)
    assert balance(ada) == 100


def test_hearing_of_it_again_changes_nothing(
    ada: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    bank.refund(order, 450)
    dispute = bank.dispute(order, amount=900)
    bank.close_dispute(dispute, won=True)
    hear(shop)
    entries = Entry.objects.count()
    for event in shop.events():
        assert shop.send({**event, "id": event["id"] + "_twin"})
    drain_queue()
    assert standing(order) == ("paid", 450, 25)
    assert Entry.objects.count() == entries


def test_another_workspace_is_not_touched(
    ada: Person, charlie: Person, shop: Shop, bank: Bank, order: Order
) -> None:
    bank.dispute(order, reason="fraudulent")
    hear(shop)
    now = credits.balance(charlie.workspace)
    assert (now.balance, now.debt, now.frozen) == (to_micro(100), 0, "")
