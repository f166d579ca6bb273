"""Credits that run low, and are bought with the saved card: once, and never beyond the limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from billing import alarms, credits, packs, stripe_client
from billing.amounts import to_micro
from billing.models import Customer, Order, Pack, PackPrice, TopUp, TopUpRule
from billing.top_ups import due
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance
from tests.billing.top_ups import Fleet, set_up
from tests.conftest import Person
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def fleet(ada: Person, shop: Shop) -> Fleet:
    return set_up(ada, shop)


def subjects() -> list[str]:
    return [sent.subject for sent in mail.outbox]


# --- it buys
def test_it_buys_once_when_credits_run_low(fleet: Fleet, ada: Person) -> None:
    fleet.spend("50")
    fleet.tick()
    assert fleet.intents() == []
    fleet.spend("1")
    fleet.tick()
    fleet.tick()
    assert (fleet.charged(), balance(ada)) == (1800, 149)
    fleet.events()
    fleet.wait()
    fleet.tick()
    assert (fleet.charged(), balance(ada)) == (1800, 149)
    top_up = TopUp.objects.get()
    assert (top_up.state, top_up.order.state, top_up.order.origin) == ("paid", "paid", "top_up")
    (intent,) = fleet.intents()
    assert intent.metadata.to_dict()["order"] == top_up.order.public_id
    assert subjects() == ["100 credits were added for Ada"]
    assert "Visa ending in 4242 was charged $18.00" in mail.outbox[0].body
    page = ada.browser.get(f"/credits/orders/{top_up.order.public_id}/").content.decode()
    assert "/receipt/" in page
    assert "/invoice/" not in page
    receipt = ada.browser.get(f"/credits/orders/{top_up.order.public_id}/receipt/")
    assert receipt["Location"].startswith(f"{fleet.shop.sandbox.url}/receipts/")


def test_the_clock_rings_it(fleet: Fleet) -> None:
    fleet.spend("60")
    wait_until(lambda: ("billing.tasks.top_up", ()) in alarms.due(), seconds=5)


def test_each_crossing_is_bought_for(fleet: Fleet, ada: Person) -> None:
    for _ in range(2):
        fleet.spend("90")
        fleet.tick()
        fleet.wait()
    assert (fleet.charged(), balance(ada)) == (3600, 120)


def test_what_is_held_does_not_count(fleet: Fleet, ada: Person) -> None:
    with transaction.atomic():
        credits.hold(workspace=ada.workspace, amount=to_micro(60), key="running")
    fleet.tick()
    assert fleet.charged() == 1800


def test_purchases_keep_their_distance(fleet: Fleet) -> None:
    fleet.spend("90")
    fleet.tick()
    fleet.spend("90")
    fleet.tick()
    assert fleet.charged() == 1800
    assert TopUpRule.objects.get().next_at > timezone.now()


def test_it_pays_in_the_currency_that_was_chosen(ada: Person, shop: Shop) -> None:
    draft = packs.draft_from(Pack.objects.get(slug="small"))
    PackPrice.objects.create(pack=draft, currency="jpy", amount=2800)
    packs.put_on_sale(draft)
    fleet = set_up(ada, shop, pack="small jpy", monthly_cap="2800")
    fleet.spend("60")
    fleet.tick()
    assert [(one.amount, one.currency) for one in fleet.intents()] == [(2800, "jpy")]


# --- it does not
def test_the_monthly_limit_holds(ada: Person, shop: Shop) -> None:
    fleet = set_up(ada, shop, monthly_cap="40")
    for _ in range(3):
        fleet.spend("90")
        fleet.tick()
        fleet.wait()
    assert fleet.charged() == 3600
    assert subjects()[2:] == ["The monthly limit of automatic top-up is reached in Ada"]
    assert "$40.00 a month" in mail.outbox[2].body
    page = ada.browser.get("/credits/top-up/").content.decode()
    assert "Charged or under way this month: $36.00 of $40.00" in page


def test_reaching_the_limit_is_told_once_and_waits_for_the_month(ada: Person, shop: Shop) -> None:
    fleet = set_up(ada, shop, monthly_cap="18")
    fleet.spend("90")
    fleet.tick()
    fleet.spend("90")
    fleet.wait()
    fleet.tick()
    rule = TopUpRule.objects.get()
    assert rule.next_at.day == 1
    assert rule.next_at > timezone.now()
    fleet.tick()
    assert len(subjects()) == 2
    # A purchase of last month does not count in this one.
    TopUp.objects.update(created_at=timezone.now() - timedelta(days=32))
    fleet.wait()
    fleet.tick()
    assert fleet.charged() == 3600


def test_who_is_frozen_or_owes_buys_nothing(fleet: Fleet, ada: Person) -> None:
    fleet.spend("60")
    fleet.tick()
    order = Order.objects.get()
    fleet.spend("139")
    Bank(fleet.shop.sandbox).dispute(order, reason="fraudulent")
    fleet.events()
    now = credits.balance(ada.workspace)
    assert (now.debt, bool(now.frozen)) == (to_micro(99), True)
    fleet.wait()
    fleet.tick()
    assert len(fleet.intents()) == 1


@pytest.mark.parametrize(
    "other", [{"livemode": True}, {"stripe_account": "acct_of_before"}, {"deleted_at": LONG_AGO}]
)
def test_a_card_of_another_account_or_mode_is_not_charged(
    fleet: Fleet, ada: Person, other: dict[str, Any]
) -> None:
    Customer.objects.update(**other)
    assert "No card is saved." in ada.browser.get("/credits/top-up/").content.decode()
    assert fleet.order().status_code == 422
    fleet.spend("60")
    fleet.tick()
    rule = TopUpRule.objects.get()
    assert (rule.is_on, rule.off_reason) == (False, "There is no card to charge.")
    assert subjects() == ["Automatic top-up of Ada is switched off"]
    assert fleet.intents() == []


def test_a_pack_that_is_not_sold_any_more_switches_it_off(fleet: Fleet) -> None:
    Pack.objects.filter(slug="small").update(is_active=False)
    fleet.spend("60")
    fleet.tick()
    rule = TopUpRule.objects.get()
    assert (rule.is_on, rule.off_reason) == (False, "The pack is not sold any more.")
    assert subjects() == ["Automatic top-up of Ada is switched off"]
    assert fleet.intents() == []


def test_nothing_is_charged_where_tax_is_to_be_added(fleet: Fleet, settings: Any) -> None:
    settings.STRIPE_TAX = True
    fleet.spend("60")
    fleet.tick()
    assert fleet.intents() == []
    assert "not offered here" in fleet.person.browser.get("/credits/top-up/").content.decode()
    assert fleet.order().status_code == 422


def test_it_can_be_switched_off(fleet: Fleet) -> None:
    fleet.person.browser.post("/credits/top-up/off/")
    fleet.spend("60")
    fleet.tick()
    assert fleet.intents() == []
    page = fleet.person.browser.get("/credits/top-up/").content.decode()
    assert "Switched off by ada@example.com" in page
    fleet.order()
    fleet.tick()
    assert fleet.charged() == 1800


# --- answers that are lost, and workers that die
def test_an_answer_that_was_lost_is_asked_for_again(fleet: Fleet, ada: Person) -> None:
    fleet.spend("60")
    assert due.begin_all() == 1
    made = _charge_at_stripe(fleet)
    fleet.sweep()
    assert [one.id for one in fleet.intents()] == [made]
    assert (TopUp.objects.get().state, balance(ada)) == ("paid", 140)


def test_after_a_day_it_is_looked_up_and_not_repeated(fleet: Fleet, ada: Person) -> None:
    fleet.spend("60")
    due.begin_all()
    made = _charge_at_stripe(fleet)
    Order.objects.update(created_at=timezone.now() - timedelta(hours=30))
    # By then Stripe has forgotten the key.
    fleet.stripe.payment_intents.update(made, {"description": "made before"})
    fleet.sweep()
    assert [one.id for one in fleet.intents()] == [made]
    assert (TopUp.objects.get().state, balance(ada)) == ("paid", 140)


def test_what_stripe_never_had_is_given_up_after_a_day(fleet: Fleet, ada: Person) -> None:
    fleet.spend("60")
    due.begin_all()
    Order.objects.update(created_at=timezone.now() - timedelta(hours=30))
    fleet.sweep()
    top_up = TopUp.objects.get()
    assert (top_up.state, top_up.order.state, balance(ada)) == ("failed", "failed", 40)
    assert fleet.intents() == []


def test_an_event_is_enough(fleet: Fleet, ada: Person) -> None:
    """Stripe's word arrives before ours: the answer to the charge never does."""
    fleet.spend("60")
    due.begin_all()
    OrmQ.objects.all().delete()
    _charge_at_stripe(fleet)
    fleet.events()
    assert (TopUp.objects.get().state, balance(ada)) == ("paid", 140)


def test_stripe_that_does_not_answer_is_asked_later(fleet: Fleet, settings: Any) -> None:
    fleet.spend("60")
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    fleet.tick()
    assert TopUp.objects.get().state == "charging"
    settings.STRIPE_API_BASE = fleet.shop.sandbox.url
    fleet.sweep()
    assert (TopUp.objects.get().state, fleet.charged()) == ("paid", 1800)


def _charge_at_stripe(fleet: Fleet) -> str:
    """The worker dies after Stripe has charged, and before anything of it is written down."""
    top_up = TopUp.objects.get()
    made = fleet.stripe.payment_intents.create(
        stripe_client.in_order(top_up.order.checkout_request),
        {"idempotency_key": f"topup:{top_up.public_id}:1"},
    )
    return str(made.id)


# --- money that goes back
def test_a_refund_takes_the_credits_back(fleet: Fleet, ada: Person) -> None:
    fleet.spend("60")
    fleet.tick()
    Bank(fleet.shop.sandbox).refund(Order.objects.get(), 900)
    fleet.events()
    assert balance(ada) == 90
