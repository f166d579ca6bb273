"""Subscriptions over months: they renew, fail, are tried again, and end."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from billing.sandbox import clock
from billing.sandbox.account import Account
from tests.billing.sandbox.conftest import SESSION, Desk

DAY = 24 * 3600


class Plan:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.product = desk.stripe.products.create({"name": "Studio plan"}).id
        self.price = self.make_price(2900)

    def make_price(self, amount: int) -> str:
        made = self.desk.stripe.prices.create(
            {
                "product": self.product,
                "currency": "usd",
                "unit_amount": amount,
                "recurring": {"interval": "month"},
            }
        )
        return str(made.id)

    def open(self, **params: Any) -> Any:
        return self.desk.stripe.checkout.sessions.create(
            {
                **{key: value for key, value in SESSION.items() if key != "line_items"},
                "mode": "subscription",
                "line_items": [{"price": self.price, "quantity": 1}],
                "subscription_data": {"metadata": {"workspace": "ws_1"}},
                **params,
            }
        )

    def subscribe(self, card: str = "pm_card_visa", **params: Any) -> Any:
        """The subscription that a buyer has begun."""
        made = self.open(**params)
        assert self.desk.press(made.url, "pay", card=card).status_code == 303
        done = self.desk.stripe.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
        return done.subscription

    def pass_days(self, days: int) -> None:
        clock.advance(Account(self.desk.sandbox.store), days * DAY)

    def invoices(self, subscription: str) -> list[Any]:
        return list(self.desk.stripe.invoices.list({"subscription": subscription}).data)[::-1]


@pytest.fixture
def plan(desk: Desk) -> Plan:
    return Plan(desk)


def test_it_begins_with_a_paid_invoice(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe()
    assert (begun.status, begun.metadata.to_dict()) == ("active", {"workspace": "ws_1"})
    (invoice,) = plan.invoices(begun.id)
    assert (invoice.status, invoice.billing_reason, invoice.total) == (
        "paid",
        "subscription_create",
        2900,
    )
    assert invoice.parent.subscription_details.subscription == begun.id
    assert invoice.parent.subscription_details.metadata.to_dict() == {"workspace": "ws_1"}
    (line,) = invoice.lines.data
    item = begun["items"].data[0]
    assert line.pricing.price_details.price == plan.price
    assert (line.period.start, line.period.end) == (
        item.current_period_start,
        item.current_period_end,
    )
    assert desk.events("customer.subscription.*", "invoice.*", "checkout.*") == [
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.created",
        "checkout.session.completed",
    ]


def test_it_renews_each_month(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe()
    plan.pass_days(95)
    found = plan.invoices(begun.id)
    assert [one.billing_reason for one in found] == ["subscription_create"] + [
        "subscription_cycle"
    ] * 3
    assert {one.status for one in found} == {"paid"}
    periods = [(one.lines.data[0].period.start, one.lines.data[0].period.end) for one in found]
    assert [end for _, end in periods[:-1]] == [start for start, _ in periods[1:]]
    assert desk.events("invoice.paid") == ["invoice.paid"] * 4
    intents = desk.stripe.payment_intents.list({"customer": begun.customer}).data
    assert [one.status for one in intents] == ["succeeded"] * 4


def test_a_card_that_refuses_is_tried_again_until_it_is_over(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe("pm_card_chargeCustomerFail")
    plan.pass_days(32)
    late = desk.stripe.subscriptions.retrieve(begun.id, {"expand": ["latest_invoice"]})
    assert (late.status, late.latest_invoice.status) == ("past_due", "open")
    assert late.latest_invoice.attempt_count == 1
    assert late.latest_invoice.next_payment_attempt is not None
    plan.pass_days(15)
    assert desk.stripe.subscriptions.retrieve(begun.id).status == "canceled"
    assert desk.events("invoice.payment_failed") == ["invoice.payment_failed"] * 4
    assert desk.events("customer.subscription.*")[-1] == "customer.subscription.deleted"
    assert desk.stripe.subscriptions.list().data == []
    assert len(desk.stripe.subscriptions.list({"status": "all"}).data) == 1


@pytest.mark.parametrize("by_page", [False, True])
def test_a_late_invoice_may_be_paid_with_another_card(
    plan: Plan, desk: Desk, by_page: bool
) -> None:
    begun = plan.subscribe("pm_card_authenticationRequired")
    plan.pass_days(32)
    invoice = plan.invoices(begun.id)[-1]
    assert desk.events("invoice.payment_action_required") == ["invoice.payment_action_required"]
    with pytest.raises(stripe.CardError) as asked:
        desk.stripe.invoices.pay(invoice.id)
    with pytest.raises(stripe.InvalidRequestError) as elsewhere:
        desk.stripe.payment_intents.confirm(asked.value.error.payment_intent.id)
    assert elsewhere.value.code == "sandbox_unsupported"
    if by_page:
        assert "$29.00" in requests.get(invoice.hosted_invoice_url, timeout=10).text
        assert "paid" in desk.press(invoice.hosted_invoice_url, "pay").text
    else:
        desk.stripe.invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    assert desk.stripe.invoices.retrieve(invoice.id).status == "paid"
    assert desk.stripe.subscriptions.retrieve(begun.id).status == "active"
    with pytest.raises(stripe.InvalidRequestError) as twice:
        desk.stripe.invoices.pay(invoice.id)
    assert twice.value.code == "invoice_already_paid"


def test_an_old_invoice_brings_nothing_back(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe("pm_card_chargeCustomerFail")
    plan.pass_days(50)
    assert desk.stripe.subscriptions.retrieve(begun.id).status == "canceled"
    desk.stripe.invoices.pay(plan.invoices(begun.id)[-1].id, {"payment_method": "pm_card_visa"})
    assert desk.stripe.subscriptions.retrieve(begun.id).status == "canceled"


def test_it_ends_with_the_period_or_at_once(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe()
    subscriptions = desk.stripe.subscriptions
    going = subscriptions.update(begun.id, {"cancel_at_period_end": True})
    assert (going.status, going.cancel_at) == (
        "active",
        going["items"].data[0].current_period_end,
    )
    assert subscriptions.update(begun.id, {"cancel_at_period_end": False}).cancel_at is None
    subscriptions.update(begun.id, {"cancel_at_period_end": True})
    plan.pass_days(32)
    assert subscriptions.retrieve(begun.id).status == "canceled"
    assert len(plan.invoices(begun.id)) == 1
    other = plan.subscribe()
    ended = subscriptions.cancel(other.id, {"cancellation_details": {"feedback": "too_complex"}})
    assert ended.cancellation_details.feedback == "too_complex"
    assert (ended.status, ended.cancellation_details.reason) == (
        "canceled",
        "cancellation_requested",
    )
    with pytest.raises(stripe.InvalidRequestError):
        subscriptions.cancel(other.id)


def test_another_price_counts_from_the_next_period(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe()
    item = begun["items"].data[0].id
    change = {"items": [{"id": item, "price": plan.make_price(4900)}]}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.stripe.subscriptions.update(begun.id, change)
    assert refused.value.param == "proration_behavior"
    desk.stripe.subscriptions.update(begun.id, {**change, "proration_behavior": "none"})
    plan.pass_days(32)
    assert [one.total for one in plan.invoices(begun.id)] == [2900, 4900]


def test_a_discount_is_for_the_first_invoice(plan: Plan, desk: Desk) -> None:
    coupon = desk.stripe.coupons.create({"percent_off": 50, "duration": "once"})
    begun = plan.subscribe(discounts=[{"coupon": coupon.id}])
    plan.pass_days(32)
    assert [one.total for one in plan.invoices(begun.id)] == [1450, 2900]


def test_the_first_month_may_be_free(plan: Plan, desk: Desk) -> None:
    coupon = desk.stripe.coupons.create({"percent_off": 100, "duration": "once"})
    begun = plan.subscribe(discounts=[{"coupon": coupon.id}])
    assert desk.stripe.payment_intents.list().data == []
    plan.pass_days(32)
    assert [(one.total, one.status) for one in plan.invoices(begun.id)] == [
        (0, "paid"),
        (2900, "paid"),
    ]


def test_it_takes_no_single_price(plan: Plan) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        plan.open(line_items=SESSION["line_items"])
    assert refused.value.param == "line_items"


def test_a_declined_card_begins_nothing(plan: Plan, desk: Desk) -> None:
    made = plan.open()
    assert "declined" in desk.press(made.url, "decline").text
    assert desk.stripe.subscriptions.list({"status": "all"}).data == []
    assert desk.press(made.url, "pay").status_code == 303
    assert len(desk.stripe.subscriptions.list().data) == 1


def test_the_portal_has_cards_invoices_and_the_way_out(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe()
    portal = desk.stripe.billing_portal.sessions.create(
        {"customer": begun.customer, "return_url": "http://127.0.0.1:1/credits"}
    )
    page = requests.get(portal.url, timeout=10).text
    for text in ("Visa ending in 4242", "Studio plan", "$29.00", "http://127.0.0.1:1/credits"):
        assert text in page
    assert "<script" not in page
    desk.press(portal.url, "cancel", subscription=begun.id)
    assert desk.stripe.subscriptions.retrieve(begun.id).cancel_at_period_end
    desk.press(portal.url, "keep", subscription=begun.id)
    assert not desk.stripe.subscriptions.retrieve(begun.id).cancel_at_period_end
    assert "declined" in desk.press(portal.url, "add", card="pm_card_chargeDeclined").text
    desk.press(portal.url, "add", card="pm_card_visa")
    cards = desk.stripe.customers.payment_methods.list(begun.customer).data
    assert len(cards) == 2
    desk.press(portal.url, "prefer", card=cards[0].id)
    known = desk.stripe.customers.retrieve(begun.customer)
    assert known.invoice_settings.default_payment_method == cards[0].id
    desk.press(portal.url, "remove", card=cards[0].id)
    assert len(desk.stripe.customers.payment_methods.list(begun.customer).data) == 1


def test_the_portal_of_one_customer_changes_nothing_of_another(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe()
    stranger = desk.stripe.customers.create({"email": "charlie@example.com"})
    portal = desk.stripe.billing_portal.sessions.create({"customer": stranger.id})
    assert desk.press(portal.url, "cancel", subscription=begun.id).status_code == 404
    card = desk.stripe.customers.payment_methods.list(begun.customer).data[0].id
    assert desk.press(portal.url, "remove", card=card).status_code == 404
    assert desk.stripe.subscriptions.retrieve(begun.id).status == "active"


def test_a_deleted_customer_pays_no_more(plan: Plan, desk: Desk) -> None:
    begun = plan.subscribe()
    desk.stripe.customers.delete(begun.customer)
    assert desk.stripe.subscriptions.retrieve(begun.id).status == "canceled"
    assert desk.events("customer.subscription.*", "payment_method.*", "customer.deleted")[-3:] == [
        "customer.subscription.deleted",
        "payment_method.detached",
        "customer.deleted",
    ]


def test_a_session_expires_as_time_passes(plan: Plan, desk: Desk) -> None:
    made = desk.stripe.checkout.sessions.create(SESSION)
    plan.pass_days(2)
    assert desk.events("checkout.session.expired") == ["checkout.session.expired"]
    assert desk.stripe.checkout.sessions.retrieve(made.id).status == "expired"
    assert desk.press(f"{desk.sandbox.url}/pay/{made.id}", "pay").status_code == 400
