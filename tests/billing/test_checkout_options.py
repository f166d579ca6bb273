"""What a purchase may bring along: currencies, tax, promotion codes, invoices, receipts."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.core import mail
from django.test import Client

from billing import credits, packs
from billing.amounts import to_micro
from billing.models import Order, Pack, PackPrice
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance, buy, come_back
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


def session_of(order: Order, stripe_side: Any) -> Any:
    order.refresh_from_db()
    return stripe_side.checkout.sessions.retrieve(order.stripe_session_id)


# --- currencies
@pytest.fixture
def sold_abroad(db: None) -> Pack:
    draft = packs.draft_from(Pack.objects.get(slug="small"))
    for currency, amount in (("jpy", 2800), ("kwd", 5500)):
        PackPrice.objects.create(pack=draft, currency=currency, amount=amount)
    return packs.put_on_sale(draft)


@pytest.mark.parametrize(
    ("currency", "shown", "half", "back"),
    [("jpy", "¥2,800", 1400, "¥1,400"), ("kwd", "5.500 KWD", 2750, "2.750 KWD")],
)
def test_a_buyer_chooses_the_currency(
    ada: Person, shop: Shop, sold_abroad: Pack, currency: str, shown: str, half: int, back: str
) -> None:
    assert shown in ada.browser.get("/credits/").content.decode()
    answer = ada.browser.post("/credits/buy/small/", {"currency": currency})
    order = Order.objects.get()
    assert (answer["Location"], order.currency) == (order.checkout_url, currency)
    page = come_back(ada, shop.press(order.checkout_url, "pay"))
    assert "Thank you" in page
    assert shown in page
    assert balance(ada) == 200
    Bank(shop.sandbox).refund(order, half)
    shop.deliver()
    drain_queue()
    assert balance(ada) == 150
    assert back in ada.browser.get(f"/credits/orders/{order.public_id}/").content.decode()


def test_a_currency_without_a_price_is_refused(ada: Person, shop: Shop, sold_abroad: Pack) -> None:
    answer = ada.api.post("/checkouts", {"pack": "small", "currency": "chf"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "currency")
    page = ada.browser.post("/credits/buy/small/", {"currency": "chf"}, follow=True)
    assert "no price in this currency" in page.content.decode()
    assert not Order.objects.exists()


def test_the_api_lists_and_takes_each_price(ada: Person, shop: Shop, sold_abroad: Pack) -> None:
    (small,) = [one for one in ada.api.get("/packs").json()["data"] if one["slug"] == "small"]
    assert small["prices"] == [
        {"amount": 1800, "currency": "usd"},
        {"amount": 2800, "currency": "jpy"},
        {"amount": 5500, "currency": "kwd"},
    ]
    assert ada.api.post("/checkouts", {"pack": "small", "currency": "jpy"}).status_code == 201
    assert Order.objects.get().amount == 2800


# --- tax
def test_tax_is_added_and_no_credits_are_lost_to_it(
    ada: Person, shop: Shop, settings: Any, stripe_side: Any
) -> None:
    settings.STRIPE_TAX = True
    order = buy(ada)
    session = session_of(order, stripe_side)
    assert session.automatic_tax.enabled
    assert session.tax_id_collection.enabled
    page = come_back(ada, shop.press(order.checkout_url, "pay"))
    order.refresh_from_db()
    assert (order.state, order.amount, order.amount_total) == ("paid", 1800, 2160)
    assert "$21.60" in page
    assert balance(ada) == 200
    # The share counts from what was paid: half of the money is half of the credits.
    Bank(shop.sandbox).refund(order, 1080)
    shop.deliver()
    drain_queue()
    assert balance(ada) == 150


# --- promotion codes
@pytest.fixture
def code(stripe_side: Any) -> Any:
    def make(percent: int) -> str:
        coupon = stripe_side.coupons.create({"percent_off": percent, "duration": "once"})
        wanted = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"}
        return str(stripe_side.promotion_codes.create(wanted).code)

    return make


def enter(shop: Shop, order: Order, code: str) -> str:
    address = f"{order.checkout_url}/code"
    return requests.post(address, data={"code": code}, allow_redirects=False, timeout=10).text


def test_a_promotion_code_makes_it_cheaper_and_not_smaller(
    ada: Person, shop: Shop, settings: Any, code: Any
) -> None:
    settings.STRIPE_PROMOTION_CODES = True
    order = buy(ada)
    enter(shop, order, code(25))
    page = come_back(ada, shop.press(order.checkout_url, "pay"))
    assert "<dt>Paid</dt>" in page
    assert "$13.50" in page
    assert balance(ada) == 200
    Bank(shop.sandbox).refund(order, 1350)
    shop.deliver()
    drain_queue()
    assert balance(ada) == 100


def test_codes_have_no_place_where_they_are_off(ada: Person, shop: Shop, code: Any) -> None:
    order = buy(ada)
    assert "takes no promotion codes" in enter(shop, order, code(25))


def test_nothing_to_pay_is_only_paid_where_the_operator_allows_it(
    ada: Person, operator: Client, shop: Shop, settings: Any, code: Any
) -> None:
    settings.STRIPE_PROMOTION_CODES = True
    settings.OPERATOR_EMAILS = ["operator@example.com"]
    order = buy(ada)
    enter(shop, order, code(100))
    assert "a person will check it" in come_back(ada, shop.press(order.checkout_url, "pay"))
    assert balance(ada) == 100
    why = "Nothing was paid, and a full discount did not count as paid"
    # Each later look finds the same.
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert order.attention == why
    waiting = operator.get("/admin/billing/order/?attention__isempty=0").content.decode()
    assert order.public_id in waiting
    (told,) = mail.outbox
    assert told.subject == f"Order {order.public_id} under review: {why}"


def test_nothing_to_pay_brings_the_credits_where_it_is_allowed(
    ada: Person, shop: Shop, settings: Any, code: Any
) -> None:
    settings.STRIPE_PROMOTION_CODES = settings.STRIPE_FULL_DISCOUNTS = True
    order = buy(ada)
    enter(shop, order, code(100))
    assert "Thank you" in come_back(ada, shop.press(order.checkout_url, "pay"))
    shop.deliver()
    drain_queue()
    order.refresh_from_db()
    assert (order.state, order.amount_total, order.stripe_payment_intent) == ("paid", 0, "")
    assert credits.balance(ada.workspace).balance == to_micro(200)


# --- invoices and receipts
def test_the_order_links_to_its_invoice_and_receipt(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    page = come_back(ada, shop.press(order.checkout_url, "pay"))
    address = f"/credits/orders/{order.public_id}"
    for name in ("invoice", "receipt"):
        assert f"{address}/{name}/" in page
        answer = ada.browser.get(f"{address}/{name}/")
        assert (answer.status_code, answer["Location"].split("://")[0]) in [
            (302, "http"),
            (302, "https"),
        ]


def test_without_invoices_there_is_only_a_receipt(ada: Person, shop: Shop, settings: Any) -> None:
    settings.STRIPE_INVOICES = False
    order = buy(ada)
    page = come_back(ada, shop.press(order.checkout_url, "pay"))
    assert "/receipt/" in page
    assert "/invoice/" not in page
    answer = ada.browser.get(f"/credits/orders/{order.public_id}/invoice/", follow=True)
    assert "There is no invoice for this order" in answer.content.decode()


def test_documents_of_another_workspace_are_not_there(
    ada: Person, charlie: Person, shop: Shop
) -> None:
    order = buy(ada)
    come_back(ada, shop.press(order.checkout_url, "pay"))
    for name in ("invoice", "receipt", "state"):
        answer = charlie.browser.get(f"/credits/orders/{order.public_id}/{name}/")
        assert answer.status_code == 404
    answer = charlie.browser.post(f"/credits/orders/{order.public_id}/cancel/")
    assert answer.status_code == 404


# --- cancelling
def test_a_cancelled_order_cannot_be_paid_any_more(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    page = ada.browser.post(f"/credits/orders/{order.public_id}/cancel/", follow=True)
    assert "This order is cancelled" in page.content.decode()
    assert ">Cancelled</span>" in page.content.decode()
    assert shop.press(order.checkout_url, "pay").status_code == 400
    order.refresh_from_db()
    assert (order.state, balance(ada)) == ("expired", 100)


def test_an_order_that_was_paid_meanwhile_is_paid(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    shop.press(order.checkout_url, "pay")
    page = ada.browser.post(f"/credits/orders/{order.public_id}/cancel/", follow=True)
    assert "Thank you" in page.content.decode()
    assert balance(ada) == 200


def test_it_asks_for_the_page_to_close_within_hours(
    ada: Person, shop: Shop, stripe_side: Any
) -> None:
    order = buy(ada)
    session = session_of(order, stripe_side)
    assert order.expires_at is not None
    assert session.expires_at == int(order.expires_at.timestamp())


def test_a_waiting_page_looks_again_by_itself(ada: Person, shop: Shop) -> None:
    order = buy(ada)
    address = f"/credits/orders/{order.public_id}"
    page = ada.browser.get(f"{address}/").content.decode()
    assert 'http-equiv="refresh"' in page
    assert f'data-poll="{address}/state/"' in page
    shop.press(order.checkout_url, "pay")
    Order.objects.update(synced_at=None)
    part = ada.browser.get(f"{address}/state/").content.decode()
    assert "Thank you" in part
    assert "data-poll" not in part
    assert "<html" not in part
