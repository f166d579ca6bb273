"""What each paid month brings, how long it stays, and what a refund takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.core.management import call_command
from django.utils import timezone

from billing import credits
from billing.amounts import to_micro
from billing.models import Entry, Lot, Order, StripeEvent, SubscriptionPlan
from billing.sandbox.account import Account
from billing.sandbox.resources import disputes, refunds
from billing.subscriptions.plans import expiry, months_after
from tests.billing.conftest import Shop
from tests.billing.subscribers import Subscriber, make_plan
from tests.billing.test_money_back import spend
from tests.billing.test_purchase import balance
from tests.conftest import Person, make_person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


@pytest.fixture
def poor(shop: Shop) -> Subscriber:
    return Subscriber(make_person("ada@example.com", credits="0"), shop)


def lots(person: Person) -> list[tuple[int, datetime | None]]:
    rows = Lot.objects.filter(account__workspace=person.workspace).order_by("pk")
    return [(row.remaining // 1_000_000, row.expires_at) for row in rows]


def test_each_paid_month_brings_a_lot_that_ends_with_it(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    poor.months(2)
    poor.events()
    found = lots(poor.person)
    assert [amount for amount, _ in found] == [100, 100, 100]
    ends = [one.lines.data[0].period.end for one in poor.invoices()]
    assert [at for _, at in found] == [datetime.fromtimestamp(end, UTC) for end in ends]
    keys = {f"{one.id}:{one.lines.data[0].id}" for one in poor.invoices()}
    entries = Entry.objects.filter(kind="subscription")
    assert set(entries.values_list("key", flat=True)) == keys
    months = Order.objects.filter(origin="subscription", state="paid")
    assert months.count() == 3
    told = poor.person.api.get("/credits/entries").json()["data"]
    assert [entry["reference"] for entry in told] == [order.public_id for order in months]


@pytest.mark.parametrize(
    ("terms", "after"),
    [
        ({"roll_over": "months", "roll_over_months": 2}, "months"),
        ({"roll_over": "unlimited"}, "never"),
    ],
)
def test_what_is_left_stays_as_the_plan_says(
    poor: Subscriber, terms: dict[str, Any], after: str
) -> None:
    plan = make_plan(**terms)
    poor.subscribe()
    poor.events()
    [(amount, expires_at)] = lots(poor.person)
    end = datetime.fromtimestamp(poor.invoices()[0].lines.data[0].period.end, UTC)
    assert amount == 100
    assert expires_at == (months_after(end, 2) if after == "months" else None)
    assert expiry(plan, end) == expires_at


def test_what_is_paid_after_its_month_can_be_spent_for_as_long(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    account = Account(poor.shop.sandbox.store)
    row = account.get("invoice", poor.invoices()[0].id)
    end = timezone.now() - timedelta(days=1)
    start = end - timedelta(days=30)
    row["lines"]["data"][0]["period"] = {
        "start": int(start.timestamp()),
        "end": int(end.timestamp()),
    }
    account.put(row)
    poor.events()
    [(amount, expires_at)] = lots(poor.person)
    assert amount == 100
    assert expires_at is not None
    assert timedelta(days=29) < expires_at - timezone.now() <= timedelta(days=30)


def test_a_cap_leaves_room_for_what_is_missing(poor: Subscriber) -> None:
    make_plan(roll_over="capped", roll_over_cap=to_micro(150))
    poor.subscribe()
    poor.events()
    poor.months()
    poor.events()
    assert balance(poor.person) == 150
    poor.months()
    poor.events()
    # Nothing fits in: the month is paid all the same.
    assert balance(poor.person) == 150
    assert [order.credits // 1_000_000 for order in Order.objects.order_by("pk")] == [100, 50, 0]
    spend(poor.person, "30")
    poor.months()
    poor.events()
    assert balance(poor.person) == 150


def test_months_are_those_of_the_calendar() -> None:
    end = datetime(2027, 1, 31, 12, tzinfo=UTC)
    assert months_after(end, 1) == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert months_after(end, 13) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert months_after(end, 11) == datetime(2027, 12, 31, 12, tzinfo=UTC)


# --- invoices that bring nothing
def change_invoice(poor: Subscriber, **fields: Any) -> str:
    account = Account(poor.shop.sandbox.store)
    row = account.get("invoice", poor.invoices()[-1].id)
    account.put({**row, **fields})
    return str(row["id"])


@pytest.mark.parametrize("reason", ["subscription_update", "manual", "subscription_threshold"])
def test_other_reasons_bring_nothing(poor: Subscriber, reason: str) -> None:
    make_plan()
    poor.subscribe()
    change_invoice(poor, billing_reason=reason)
    poor.events()
    assert balance(poor.person) == 0
    assert StripeEvent.objects.get(type="invoice.paid").state == "done"


def test_a_trial_brings_nothing(poor: Subscriber, settings: Any) -> None:
    settings.STRIPE_FULL_DISCOUNTS = True
    make_plan()
    poor.subscribe()
    change_invoice(poor, subtotal=0, total=0, amount_paid=0)
    poor.events()
    assert (balance(poor.person), Order.objects.count()) == (0, 0)


@pytest.mark.parametrize(("allowed", "brings"), [(False, 0), (True, 100)])
def test_a_full_discount_brings_credits_where_it_is_allowed(
    poor: Subscriber, settings: Any, allowed: bool, brings: int
) -> None:
    settings.STRIPE_FULL_DISCOUNTS = allowed
    settings.STRIPE_PROMOTION_CODES = True
    make_plan()
    coupon = poor.stripe.coupons.create({"percent_off": 100, "duration": "once"})
    wanted = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "FREE"}
    poor.stripe.promotion_codes.create(wanted)
    page = poor.start()
    requests.post(f"{page}/code", data={"code": "FREE"}, timeout=10)
    requests.post(f"{page}/pay", allow_redirects=False, timeout=10)
    poor.events()
    assert balance(poor.person) == brings
    poor.months()
    poor.events()
    assert Order.objects.latest("pk").amount_total == 2900


def test_prorations_bring_nothing(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    account = Account(poor.shop.sandbox.store)
    row = account.get("invoice", poor.invoices()[0].id)
    [line] = row["lines"]["data"]
    parent = {**line["parent"]}
    details = {**parent["subscription_item_details"], "proration": True}
    parent["subscription_item_details"] = details
    row["lines"]["data"] = [line, {**line, "id": "il_proration", "parent": parent}]
    account.put(row)
    poor.events()
    assert balance(poor.person) == 100


def test_an_unpaid_invoice_brings_nothing(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe(card="pm_card_chargeCustomerFail")
    poor.events()
    poor.months()
    poor.events()
    late = poor.invoices()[-1]
    assert late.status == "open"
    fake = {**poor.shop.events()[-1], "id": "evt_fake", "type": "invoice.paid"}
    fake["data"] = {"object": {"id": late.id, "object": "invoice", "status": "paid"}}
    assert poor.shop.send(fake)
    drain_queue()
    assert balance(poor.person) == 100


def test_a_price_of_no_plan_is_told_and_can_be_worked_again(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    account = Account(poor.shop.sandbox.store)
    ours = account.get("invoice", poor.invoices()[0].id)
    other = json.dumps(ours).replace(
        SubscriptionPlan.objects.get().stripe_price_id or "", "price_1"
    )
    account.put(json.loads(other))
    poor.events()
    event = StripeEvent.objects.get(type="invoice.paid")
    assert "has no price of a plan of ours" in event.last_error
    account.put(ours)
    drain_queue(due_only=False)
    assert balance(poor.person) == 100


def test_an_invoice_of_a_stranger_brings_nothing(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    stranger = poor.stripe.customers.create({"email": "x@example.com"})
    change_invoice(poor, customer=stranger.id)
    poor.events()
    drain_queue(due_only=False)
    drain_queue(due_only=False)
    assert balance(poor.person) == 0
    assert StripeEvent.objects.get(type="invoice.paid").state == "ignored"


# --- money that goes back
def refund(poor: Subscriber, amount: int) -> str:
    account = Account(poor.shop.sandbox.store)
    charge = poor.stripe.payment_intents.list({"limit": 1}).data[0].latest_charge
    return str(refunds.create(account, {"charge": charge, "amount": amount})["id"])


def test_a_refund_takes_the_month_back(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    poor.events()
    spend(poor.person, "80")
    made = refund(poor, 2900)
    poor.events()
    now = credits.balance(poor.person.workspace)
    assert (now.balance, now.debt) == (0, to_micro(80))
    refunds.finish(Account(poor.shop.sandbox.store), made, "failed")
    poor.events()
    now = credits.balance(poor.person.workspace)
    assert (now.balance, now.debt) == (to_micro(20), 0)


@pytest.mark.parametrize(("back", "left"), [(1450, [25, 50]), (2175, [0, 37]), (2900, [0, 0])])
def test_of_several_lots_the_first_goes_first(poor: Subscriber, back: int, left: list[int]) -> None:
    make_plan()
    extra = make_plan("extra", credits=to_micro(50), amount=900)
    poor.subscribe()
    account = Account(poor.shop.sandbox.store)
    row = account.get("invoice", poor.invoices()[0].id)
    [line] = row["lines"]["data"]
    details = {"price": extra.stripe_price_id, "product": "prod_x"}
    pricing = {**line["pricing"], "price_details": details}
    row["lines"]["data"] = [line, {**line, "id": "il_extra", "pricing": pricing}]
    account.put(row)
    poor.events()
    assert [amount for amount, _ in lots(poor.person)] == [100, 50]
    refund(poor, back)
    poor.events()
    assert [amount for amount, _ in lots(poor.person)] == left


def test_a_refund_that_is_known_first_takes_it_too(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    refund(poor, 1450)
    for event in reversed(poor.shop.events()):
        poor.shop.send(event)
    drain_queue()
    drain_queue(due_only=False)
    assert balance(poor.person) == 50


def test_a_dispute_takes_it_and_freezes(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    poor.events()
    charge = poor.stripe.payment_intents.list({"limit": 1}).data[0].latest_charge
    account = Account(poor.shop.sandbox.store)
    disputes.open_dispute(account, charge, reason="fraudulent", amount=None, inquiry=False)
    poor.events()
    now = credits.balance(poor.person.workspace)
    assert (now.balance, bool(now.frozen)) == (0, True)


# --- events that never came
def test_reconciliation_finds_what_was_paid_and_not_granted(poor: Subscriber, capsys: Any) -> None:
    make_plan()
    poor.subscribe()
    poor.months()
    call_command("reconcile_stripe")
    drain_queue()
    report = json.loads(capsys.readouterr().out)
    assert report["invoices"] == 2
    assert len([one for one in report["repaired"] if "invoice" in one]) == 2
    assert report["decide"] == []
    assert balance(poor.person) == 200
    call_command("reconcile_stripe")
    drain_queue()
    assert balance(poor.person) == 200


def test_credits_of_a_month_expire(poor: Subscriber) -> None:
    make_plan()
    poor.subscribe()
    poor.events()
    [(_, expires_at)] = lots(poor.person)
    assert expires_at is not None
    for moment, left in ((expires_at - timedelta(minutes=1), 100), (expires_at, 0)):
        with time_machine.travel(moment, tick=True):
            credits.expire()
            assert balance(poor.person) == left
