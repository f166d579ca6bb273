"""The operator refunds an order in admin: Stripe moves the money, the ledger follows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from billing import credits, orders, refunds, tasks
from billing.amounts import to_micro
from billing.errors import RefundRefused
from billing.models import Entry, Order, OrderNote, Refund
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_money_back import hear, page, spend, standing
from tests.billing.test_purchase import balance, buy
from tests.conftest import Person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


@pytest.fixture
def order(order: Order, shop: Shop) -> Order:
    """Paid and credited: with the 100 that she was given, Ada has 200."""
    hear(shop)
    return order


class Desk:
    """The operator's browser at the refund form of an order."""

    def __init__(self, client: Client, order: Order) -> None:
        self.client = client
        self.address = f"/admin/billing/order/{order.pk}/refund/"

    def form(self) -> dict[str, str]:
        page = self.client.get(self.address).content.decode()
        offered = re.search(r'name="amount" value="([\d.]+)"', page)
        key = re.search(r'name="key" value="(\w+)"', page)
        assert offered is not None
        assert key is not None
        return {"amount": offered[1], "key": key[1], "reason": "They asked"}

    def send(self, form: dict[str, str], **changed: str) -> str:
        answer = self.client.post(self.address, {**form, **changed}, follow=True)
        return str(answer.content.decode())


@pytest.fixture
def desk(admin_client: Client, order: Order) -> Desk:
    return Desk(admin_client, order)


def test_it_offers_the_unspent_share(ada: Person, desk: Desk, order: Order) -> None:
    spend(ada, "160")  # all that was given, and 60 of the 100 bought
    form = desk.form()
    assert form["amount"] == "7.20"
    assert "succeeded" in desk.send(form)
    assert standing(order) == ("paid", 720, 40)
    assert balance(ada) == 0
    refund = Refund.objects.get()
    assert (refund.amount, refund.status, refund.reason) == (720, "succeeded", "They asked")
    assert refund.requested_by is not None


def test_what_a_job_holds_is_not_offered(ada: Person, desk: Desk, order: Order) -> None:
    with transaction.atomic():
        credits.hold(workspace=ada.workspace, amount=to_micro(150), key="job")
    assert desk.form()["amount"] == "9.00"


def test_more_than_unspent_has_to_be_ticked(ada: Person, desk: Desk, order: Order) -> None:
    spend(ada, "160")
    form = desk.form()
    refused = desk.send(form, amount="18.00")
    assert "Only $7.20 is unspent; $18.00 leaves the workspace 60 credits in debt." in refused
    assert not Refund.objects.exists()
    desk.send(form, amount="18.00", beyond_unspent="on")
    assert standing(order) == ("paid", 1800, 100)
    assert credits.balance(ada.workspace).debt == to_micro(60)


def test_other_credits_are_taken_before_anything_is_owed(
    ada: Person, desk: Desk, order: Order
) -> None:
    spend(ada, "200")
    with transaction.atomic():
        credits.grant(workspace=ada.workspace, amount=to_micro(60), key="gift", kind="grant")
    form = desk.form()
    assert form["amount"] == "0.00"
    refused = desk.send(form, amount="9.00")
    assert "Only $0.00 is unspent; $9.00 takes other credits of the workspace." in refused
    assert not Refund.objects.exists()
    desk.send(form, amount="9.00", beyond_unspent="on")
    assert standing(order) == ("paid", 900, 50)
    now = credits.balance(ada.workspace)
    assert (now.balance, now.debt) == (to_micro(10), 0)


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_it_says_that_a_refund_is_of_more_than_zero(desk: Desk, amount: str) -> None:
    assert "A refund is of more than zero." in desk.send(desk.form(), amount=amount)
    assert not Refund.objects.exists()


def test_the_second_click_refunds_nothing_more(ada: Person, desk: Desk, order: Order) -> None:
    form = desk.form() | {"amount": "4.50"}
    desk.send(form)
    desk.send(form)
    assert Refund.objects.count() == 1
    assert standing(order) == ("paid", 450, 25)


@pytest.mark.parametrize("amount", ["0", "18.01", "-1", "1.001", "much", ""])
def test_it_refuses_what_cannot_go_back(ada: Person, desk: Desk, order: Order, amount: str) -> None:
    page = desk.send(desk.form(), amount=amount, beyond_unspent="on")
    assert "errorlist" in page
    assert not Refund.objects.exists()


def test_refunds_do_not_add_up_to_more_than_was_paid(
    admin_user: User, desk: Desk, order: Order, settings: Any
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"  # so that none is sent yet
    assert "as soon as Stripe answers" in desk.send(desk.form(), amount="10.00")
    with pytest.raises(RefundRefused):
        refunds.request(order=order, amount=801, key="0" * 32, reason="", by=admin_user)


def test_a_refund_is_sent_when_stripe_answers_again(
    ada: Person, desk: Desk, order: Order, shop: Shop, settings: Any
) -> None:
    here = settings.STRIPE_API_BASE
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    desk.send(desk.form())
    # Nobody can spend meanwhile what is about to go back, nor have it refunded once more.
    assert (standing(order), balance(ada)) == (("paid", 1800, 100), 100)
    assert desk.form()["amount"] == "0.00"
    shown = page(ada, order)
    assert "This order is being paid back" in shown
    assert "$18.00</span> (requested)" in shown
    assert "Being paid back" in ada.browser.get("/credits/").content.decode()
    settings.STRIPE_API_BASE = here
    orders.sync_order(order)  # Stripe has not heard of it yet
    assert standing(order) == ("paid", 1800, 100)
    tasks.send_refund(Refund.objects.get().pk)
    assert standing(order) == ("paid", 1800, 100)
    shown = page(ada, order)
    assert "This order was paid back" in shown
    assert "$18.00</span> (paid back)" in shown


def test_a_refund_whose_answer_was_lost_is_found(
    ada: Person, desk: Desk, order: Order, shop: Shop
) -> None:
    desk.send(desk.form())
    Refund.objects.update(status="requested", stripe_id=None)
    hear(shop)
    refund = Refund.objects.get()
    assert (refund.status, refund.stripe_id is None) == ("succeeded", False)
    Refund.objects.update(status="requested", stripe_id=None)
    tasks.send_refund(refund.pk)  # under the same key: no second refund
    assert Refund.objects.get().status == "succeeded"
    assert standing(order) == ("paid", 1800, 100)


def test_what_is_disputed_cannot_be_refunded(
    ada: Person, desk: Desk, order: Order, shop: Shop
) -> None:
    form = desk.form()
    Bank(shop.sandbox).dispute(order)
    desk.send(form)
    refund = Refund.objects.get()
    assert (refund.status, "charged back" in refund.failure) == ("failed", True)
    assert (standing(order), balance(ada)) == (("paid", 0, 0), 200)
    assert desk.form()["amount"] == "18.00"
    hear(shop)
    assert standing(order) == ("paid", 1800, 100)


def test_an_unpaid_order_cannot_be_refunded(ada: Person, admin_user: User, shop: Shop) -> None:
    order = buy(ada)
    with pytest.raises(RefundRefused, match="Only what was paid"):
        refunds.request(order=order, amount=1, key="0" * 32, reason="", by=admin_user)


def test_who_may_not_refund_is_refused(order: Order) -> None:
    staff = User.objects.create_user("staff@example.com", "a-long-enough-passphrase")
    staff.is_staff = True
    staff.save()
    client = Client()
    client.force_login(staff)
    address = f"/admin/billing/order/{order.pk}/refund/"
    assert client.get(address).status_code == 403
    assert client.post(address, {"amount": "1", "reason": "x"}).status_code == 403
    assert not Refund.objects.exists()


def test_the_operator_notes_evidence(admin_client: Client, order: Order) -> None:
    form = {"order": order.pk, "text": "Downloaded all results on 3 May."}
    assert admin_client.post("/admin/billing/ordernote/add/", form).status_code == 302
    note = OrderNote.objects.get()
    assert note.author is not None
    page = admin_client.get(f"/admin/billing/order/{order.pk}/change/").content.decode()
    assert "Downloaded all results" in page
    assert 'name="_save"' not in page


def test_a_debt_is_forgiven_once_with_a_reason(
    ada: Person, admin_client: Client, desk: Desk, order: Order
) -> None:
    spend(ada, "160")
    desk.send(desk.form(), amount="18.00", beyond_unspent="on")
    account = credits.account_of(ada.workspace)
    accounts_page = f"/admin/billing/creditaccount/{account.pk}/change/"
    address = f"/admin/billing/creditaccount/{account.pk}/forgive/"
    assert address in admin_client.get(accounts_page).content.decode()
    assert "Forgive 60 credits" in admin_client.get(address).content.decode()
    assert "errorlist" in admin_client.post(address, {"key": "c" * 32}).content.decode()
    form = {"key": "c" * 32, "reason": "A regular customer"}
    page = admin_client.post(address, form, follow=True).content.decode()
    assert "60 credits were forgiven" in page
    assert credits.balance(ada.workspace).debt == 0
    admin_client.post(address, form)
    (entry,) = Entry.objects.filter(kind="forgiveness")
    assert entry.note == "A regular customer"
    assert address not in admin_client.get(accounts_page).content.decode()
    assert "Nothing is owed." in admin_client.get(address, follow=True).content.decode()
    assert "A regular customer" in ada.browser.get("/credits/").content.decode()
