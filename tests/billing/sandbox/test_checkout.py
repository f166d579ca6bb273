"""What a session costs, and what is left when a buyer has been at its page."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from tests.billing.sandbox.conftest import ITEM, SESSION, Desk


def item(amount: int = 1800, currency: str = "usd", **data: Any) -> dict[str, Any]:
    return {
        "quantity": 1,
        "price_data": {**ITEM["price_data"], "unit_amount": amount, "currency": currency, **data},
    }


def test_it_leaves_a_payment_with_its_charge(desk: Desk) -> None:
    paid = desk.paid(payment_intent_data={"metadata": {"order": "1"}, "description": "Credits"})
    intent = paid.payment_intent
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (intent.status, intent.amount_received) == ("succeeded", 1800)
    assert (intent.metadata.to_dict(), intent.description) == ({"order": "1"}, "Credits")
    charge = intent.latest_charge
    assert (charge.paid, charge.amount, charge.payment_intent) == (True, 1800, intent.id)
    assert charge.payment_method_details.card.last4 == "4242"
    assert desk.events() == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [("usd", 1800, "$18.00"), ("jpy", 1800, "¥1,800"), ("kwd", 1800, "1.800 KWD")],
)
def test_it_knows_how_many_decimals_a_currency_has(
    desk: Desk, currency: str, amount: int, text: str
) -> None:
    made = desk.stripe.checkout.sessions.create({**SESSION, "line_items": [item(amount, currency)]})
    assert (made.amount_total, made.currency) == (amount, currency)
    assert text in requests.get(made.url, timeout=10).text


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        ("usd", 49, "amount_too_small"),
        ("kwd", 1801, "invalid_charge_amount"),
        ("usd", 100_000_000, "parameter_invalid_integer"),
    ],
)
def test_it_refuses_an_amount_that_cannot_be_charged(
    desk: Desk, currency: str, amount: int, code: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.checkout.sessions.create({**SESSION, "line_items": [item(amount, currency)]})
    assert refused.value.code == code


def test_it_sells_at_a_price_that_was_made_before(desk: Desk) -> None:
    product = desk.stripe.products.create({"name": "500 credits"})
    price = desk.stripe.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 900, "lookup_key": "pack_500"}
    )
    made = desk.stripe.checkout.sessions.create(
        {**SESSION, "line_items": [{"price": price.id, "quantity": 3}]}
    )
    assert (made.amount_subtotal, made.currency) == (2700, "eur")
    lines = desk.stripe.checkout.sessions.line_items.list(made.id).data
    assert [(line.price.id, line.quantity, line.description) for line in lines] == [
        (price.id, 3, "500 credits")
    ]
    again = desk.stripe.checkout.sessions.retrieve(made.id, {"expand": ["line_items"]})
    assert again.line_items.data[0].id == lines[0].id
    desk.stripe.prices.update(price.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        desk.stripe.checkout.sessions.create(
            {**SESSION, "line_items": [{"price": price.id, "quantity": 1}]}
        )


@pytest.mark.parametrize(
    ("behaviour", "total", "tax"), [("exclusive", 2160, 360), ("inclusive", 1800, 300)]
)
def test_it_adds_tax_where_it_is_asked_to(desk: Desk, behaviour: str, total: int, tax: int) -> None:
    customer = desk.stripe.customers.create({"email": "ada@example.com"})
    wanted = {
        "customer": customer.id,
        "automatic_tax": {"enabled": True},
        "tax_id_collection": {"enabled": True},
        "line_items": [item(tax_behavior=behaviour)],
    }
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.paid(**wanted)
    assert refused.value.code == "customer_tax_location_invalid"
    paid = desk.paid(**wanted, customer_update={"address": "auto", "name": "auto"})
    assert (paid.amount_subtotal, paid.amount_total) == (1800, total)
    assert (paid.total_details.amount_tax, paid.payment_intent.amount) == (tax, total)
    assert paid.automatic_tax.status == "complete"
    known = desk.stripe.customers.retrieve(customer.id)
    assert (known.address.country, known.name) == ("US", "Sandbox Buyer")


def test_a_buyer_may_type_a_promotion_code(desk: Desk) -> None:
    coupon = desk.stripe.coupons.create({"percent_off": 25, "duration": "once"})
    code = desk.stripe.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"}
    )
    made = desk.stripe.checkout.sessions.create({**SESSION, "allow_promotion_codes": True})
    for wrong in ({"code": "autumn"}, {"code": ""}, {}):
        assert desk.press(made.url, "code", **wrong).status_code == 400
    page = desk.press(made.url, "code", code="spring")
    assert "$13.50" in page.text
    desk.press(made.url, "pay")
    paid = desk.stripe.checkout.sessions.retrieve(made.id)
    assert (paid.amount_subtotal, paid.amount_total) == (1800, 1350)
    assert paid.total_details.amount_discount == 450
    assert [one.promotion_code for one in paid.discounts] == [code.id]
    assert desk.stripe.promotion_codes.retrieve(code.id).times_redeemed == 1


def test_a_code_has_no_place_where_it_was_not_asked_for(desk: Desk) -> None:
    made = desk.stripe.checkout.sessions.create(SESSION)
    assert "Promotion code" not in requests.get(made.url, timeout=10).text
    assert desk.press(made.url, "code", code="SPRING").status_code == 400


def test_nothing_is_paid_where_the_discount_takes_all(desk: Desk) -> None:
    coupon = desk.stripe.coupons.create({"percent_off": 100, "duration": "once"})
    paid = desk.paid(discounts=[{"coupon": coupon.id}])
    assert (paid.payment_status, paid.amount_total, paid.payment_intent) == (
        "no_payment_required",
        0,
        None,
    )
    assert desk.events("*payment_intent*") == []


def test_it_writes_an_invoice_where_it_is_asked_to(desk: Desk) -> None:
    paid = desk.paid(invoice_creation={"enabled": True})
    invoice = desk.stripe.invoices.retrieve(paid.invoice, {"expand": ["payments"]})
    assert (invoice.status, invoice.billing_reason, invoice.amount_paid) == ("paid", "manual", 1800)
    assert invoice.payments.data[0].payment.payment_intent == paid.payment_intent.id
    assert desk.events("invoice.paid") == ["invoice.paid"]


def test_it_keeps_the_card_where_the_buyer_agreed(desk: Desk) -> None:
    paid = desk.paid(payment_intent_data={"setup_future_usage": "off_session"})
    kept = desk.stripe.customers.payment_methods.list(paid.customer).data
    assert [method.id for method in kept] == [paid.payment_intent.payment_method]
    assert desk.paid().customer is None


def test_a_declined_card_leaves_the_session_open(desk: Desk) -> None:
    made = desk.stripe.checkout.sessions.create(SESSION)
    assert "declined" in desk.press(made.url, "decline").text
    intents = desk.stripe.payment_intents.list().data
    assert [(one.status, one.last_payment_error.decline_code) for one in intents] == [
        ("requires_payment_method", "generic_decline")
    ]
    assert desk.stripe.charges.retrieve(intents[0].latest_charge).status == "failed"
    with pytest.raises(stripe.InvalidRequestError, match="Expire the session"):
        desk.stripe.payment_intents.cancel(intents[0].id)
    desk.press(made.url, "pay")
    paid = desk.stripe.checkout.sessions.retrieve(made.id)
    assert (paid.payment_status, paid.payment_intent) == ("paid", intents[0].id)


@pytest.mark.parametrize(
    ("button", "status", "event"),
    [
        ("arrive", "paid", "checkout.session.async_payment_succeeded"),
        ("fail", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
def test_delayed_money_arrives_or_not(desk: Desk, button: str, status: str, event: str) -> None:
    made = desk.stripe.checkout.sessions.create(SESSION)
    desk.press(made.url, "later")
    waiting = desk.stripe.checkout.sessions.retrieve(made.id, {"expand": ["payment_intent"]})
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert waiting.payment_intent.status == "processing"
    page = f"{desk.sandbox.url}/pay/{made.id}"
    assert desk.press(page, button).status_code == 303
    assert desk.stripe.checkout.sessions.retrieve(made.id).payment_status == status
    assert desk.events()[-1] == event
    assert desk.press(page, button).status_code == 400


@pytest.mark.parametrize(
    "methods",
    [
        {"excluded_payment_method_types": ["sepa_debit"]},
        {"allowed_payment_method_types": ["card"]},
    ],
)
def test_a_shop_may_refuse_delayed_methods(desk: Desk, methods: dict[str, Any]) -> None:
    made = desk.stripe.checkout.sessions.create({**SESSION, **methods})
    assert made.payment_method_types == ["card"]
    assert "Pay later" not in requests.get(made.url, timeout=10).text
    assert desk.press(made.url, "later").status_code == 400


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"customer_email": "a@example.com", "customer": "cus_1"}, "customer_email"),
        ({"customer": "cus_none"}, "customer"),
        ({"customer_update": {"address": "auto"}}, "customer_update"),
        (
            {"allow_promotion_codes": True, "discounts": [{"coupon": "x"}]},
            "discounts",
        ),
        ({"line_items": [item(), item(500, "eur")]}, "line_items"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
    ],
)
def test_it_refuses_what_does_not_go_together(
    desk: Desk, params: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.checkout.sessions.create({**SESSION, **params})
    assert refused.value.param == param
