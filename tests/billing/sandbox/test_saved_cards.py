"""Cards that are kept, and charged while their owner is away."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import stripe

from tests.billing.sandbox.conftest import SESSION, Desk

SETUP = {
    "mode": "setup",
    "currency": "usd",
    "success_url": SESSION["success_url"],
    "cancel_url": SESSION["cancel_url"],
}


class Customer:
    def __init__(self, desk: Desk, card: str = "pm_card_visa") -> None:
        self.desk = desk
        self.id = desk.stripe.customers.create({"email": "ada@example.com"}).id
        self.card = desk.stripe.payment_methods.attach(card, {"customer": self.id}).id

    def charge(self, key: str = "topup:1", **params: Any) -> Any:
        return self.desk.stripe.payment_intents.create(
            {
                "amount": 2000,
                "currency": "usd",
                "customer": self.id,
                "payment_method": self.card,
                "off_session": True,
                "confirm": True,
                "metadata": {"order": "1"},
                **params,
            },
            {"idempotency_key": key},
        )


def test_it_charges_a_saved_card(desk: Desk) -> None:
    intent = Customer(desk).charge(expand=["latest_charge.balance_transaction"])
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    assert intent.latest_charge.balance_transaction.amount == 2000
    assert intent.latest_charge.metadata.to_dict() == {"order": "1"}


@pytest.mark.parametrize(
    ("card", "code", "decline"),
    [
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
    ],
)
def test_a_card_may_refuse(desk: Desk, card: str, code: str, decline: str) -> None:
    ada = Customer(desk, card)
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            ada.charge()
    error = refused.value
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, decline)
    # One attempt, although it was asked for twice under its key.
    (intent,) = desk.stripe.payment_intents.list({"customer": ada.id}).data
    assert error.error.payment_intent.id == intent.id
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.payment_method.id == ada.card
    assert desk.events("payment_intent.payment_failed", "charge.failed") == [
        "charge.failed",
        "payment_intent.payment_failed",
    ]
    assert desk.stripe.balance_transactions.list().data == []
    assert desk.stripe.payment_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as twice:
        desk.stripe.payment_intents.cancel(intent.id)
    assert twice.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("button", "status", "told"),
    [("complete", "succeeded", "succeeded"), ("fail", "requires_payment_method", "failed")],
)
def test_the_buyer_may_authenticate_afterwards(
    desk: Desk, button: str, status: str, told: str
) -> None:
    ada = Customer(desk, "pm_card_authenticationRequired")
    with pytest.raises(stripe.CardError) as refused:
        ada.charge()
    intent = desk.stripe.payment_intents.confirm(
        refused.value.error.payment_intent.id,
        {"payment_method": ada.card, "return_url": "http://127.0.0.1:1/back?order=1"},
    )
    assert intent.status == "requires_action"
    page = intent.next_action.redirect_to_url.url
    assert "Your bank asks" in requests.get(page, timeout=10).text
    back = urlsplit(desk.press(page, button).headers["Location"])
    assert back.path == "/back"
    query = parse_qs(back.query)
    assert (query["order"], query["redirect_status"]) == (["1"], [told])
    assert desk.stripe.payment_intents.retrieve(intent.id).status == status
    assert desk.press(page, button).status_code == 400


def test_it_confirms_what_was_made_before(desk: Desk) -> None:
    ada = Customer(desk)
    intent = desk.stripe.payment_intents.create(
        {"amount": 500, "currency": "eur", "customer": ada.id}
    )
    assert intent.status == "requires_payment_method"
    paid = desk.stripe.payment_intents.confirm(intent.id, {"payment_method": ada.card})
    assert paid.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as twice:
        desk.stripe.payment_intents.confirm(intent.id, {"payment_method": ada.card})
    assert twice.value.code == "payment_intent_unexpected_state"


def test_a_card_of_another_customer_cannot_be_charged(desk: Desk) -> None:
    ada, charlie = Customer(desk), Customer(desk)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        charlie.charge(payment_method=ada.card)
    assert refused.value.param == "payment_method"
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.payment_methods.attach(ada.card, {"customer": charlie.id})


def test_a_detached_card_is_of_no_use(desk: Desk) -> None:
    ada = Customer(desk)
    desk.stripe.customers.update(ada.id, {"invoice_settings": {"default_payment_method": ada.card}})
    desk.stripe.payment_methods.detach(ada.card)
    known = desk.stripe.customers.retrieve(ada.id)
    assert known.invoice_settings.default_payment_method is None
    assert desk.stripe.customers.payment_methods.list(ada.id).data == []
    for again in (
        ada.charge,
        lambda: desk.stripe.payment_methods.attach(ada.card, {"customer": ada.id}),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="detached"):
            again()


def test_it_lists_cards_of_one_customer(desk: Desk) -> None:
    ada, charlie = Customer(desk), Customer(desk)
    found = desk.stripe.payment_methods.list({"customer": ada.id, "type": "card"}).data
    assert [one.id for one in found] == [ada.card]
    assert charlie.card not in {one.id for one in found}
    assert desk.stripe.payment_methods.list({"customer": ada.id, "type": "sepa_debit"}).data == []


def test_a_session_may_save_a_card_alone(desk: Desk) -> None:
    customer = desk.stripe.customers.create({"email": "ada@example.com"})
    made = desk.stripe.checkout.sessions.create(
        {**SETUP, "customer": customer.id, "setup_intent_data": {"metadata": {"workspace": "1"}}}
    )
    assert (made.payment_status, made.amount_total) == ("no_payment_required", None)
    assert "Nothing is charged now" in requests.get(made.url, timeout=10).text
    assert "declined" in desk.press(made.url, "decline").text
    assert desk.stripe.checkout.sessions.retrieve(made.id).status == "open"
    assert desk.press(made.url, "pay").status_code == 303
    done = desk.stripe.checkout.sessions.retrieve(made.id, {"expand": ["setup_intent"]})
    assert (done.status, done.setup_intent.status) == ("complete", "succeeded")
    kept = desk.stripe.customers.payment_methods.list(customer.id).data
    assert [one.id for one in kept] == [done.setup_intent.payment_method]
    assert desk.events("setup_intent.*", "payment_method.*", "checkout.*") == [
        "setup_intent.created",
        "setup_intent.setup_failed",
        "payment_method.attached",
        "setup_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_setup_intent_keeps_a_card_too(desk: Desk) -> None:
    ada = Customer(desk)
    setup = desk.stripe.setup_intents.create({"customer": ada.id, "usage": "off_session"})
    with pytest.raises(stripe.CardError):
        desk.stripe.setup_intents.confirm(setup.id, {"payment_method": "pm_card_chargeDeclined"})
    done = desk.stripe.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        desk.stripe.setup_intents.cancel(setup.id)
    assert len(desk.stripe.customers.payment_methods.list(ada.id).data) == 2


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"currency": None}, "currency"),
        ({"line_items": SESSION["line_items"]}, "line_items"),
        ({"payment_intent_data": {"description": "x"}}, "payment_intent_data"),
    ],
)
def test_it_refuses_what_is_not_for_saving(desk: Desk, params: dict[str, Any], param: str) -> None:
    wanted = {name: value for name, value in {**SETUP, **params}.items() if value is not None}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.checkout.sessions.create(wanted)
    assert refused.value.param == param
