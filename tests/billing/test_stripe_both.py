"""Money that moves by itself: at our sandbox, and at Stripe's test mode where a key is given.

No event is waited for: what happened is found as the sweep and the daily comparison find it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from billing import credits, ledger, tasks
from billing.amounts import to_micro
from billing.customers import customer_of
from billing.models import CardConsent, Order, SavedCard, Subscription, TopUp, TopUpRule
from billing.subscriptions import starting
from billing.top_ups import charging
from tests.billing.subscribers import make_plan
from tests.billing.test_purchase import balance
from tests.billing.test_stripe_live import KEY, LIVE, SITE, use_test_mode
from tests.billing.top_ups import RULE
from tests.billing.worlds import Sandbox, StripeItself, World
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["sandbox", pytest.param("stripe", marks=LIVE)])
def world(request: Any, settings: Any) -> Iterator[World]:
    if request.param == "sandbox":
        yield Sandbox(request.getfixturevalue("shop"))
    else:
        use_test_mode(settings)
        yield StripeItself(KEY, SITE)
    assert ledger.check().violations == []


def run_low(person: Person, world: World, card: str) -> TopUp:
    """With that card saved and 60 of 100 credits spent, the clock looks."""
    keep(person, world, card)
    answer = person.browser.post("/credits/top-up/", RULE)
    assert answer.status_code == 302
    with transaction.atomic():
        hold = credits.hold(workspace=person.workspace, amount=to_micro(60), key="job")
        credits.settle(hold=hold, amount=to_micro(60))
    tasks.top_up()
    drain_queue()
    return TopUp.objects.get()


def keep(person: Person, world: World, card: str) -> None:
    """As if it had been entered on Stripe's page, which asks some cards for authentication."""
    customer = customer_of(person.workspace)
    method = world.stripe.payment_methods.attach(card, {"customer": customer.stripe_id})
    consent = CardConsent.objects.create(
        workspace=person.workspace,
        customer=customer,
        terms_version="test",
        given_by_email=person.user.email,
    )
    SavedCard.objects.create(
        workspace=person.workspace,
        customer=customer,
        consent=consent,
        stripe_id=method.id,
        brand=method.card.brand,
        last4=method.card.last4,
        exp_month=method.card.exp_month,
        exp_year=method.card.exp_year,
    )


def intents(person: Person, world: World) -> list[Any]:
    customer = customer_of(person.workspace).stripe_id
    return list(world.stripe.payment_intents.list({"customer": customer}).data)


def test_a_top_up_is_charged_off_session_and_credited_once(ada: Person, world: World) -> None:
    top_up = run_low(ada, world, "pm_card_visa")
    assert (top_up.state, top_up.order.state) == ("paid", "paid")
    charging.proceed(top_up)
    assert balance(ada) == 140
    assert [one.amount_received for one in intents(ada, world)] == [1800]


def test_a_top_up_that_needs_authentication_waits_for_its_customer(
    ada: Person, world: World
) -> None:
    top_up = run_low(ada, world, "pm_card_authenticationRequired")
    assert top_up.state == "action"
    address = f"/credits/top-ups/{top_up.public_id}/"
    assert address in str(mail.outbox[-1].body)
    tasks.top_up()  # a second charge is not begun
    assert TopUp.objects.count() == 1
    ada.browser.post(f"{address}cancel/")
    assert TopUp.objects.get().state == "failed"
    assert [one.status for one in intents(ada, world)] == ["canceled"]
    assert balance(ada) == 40


def test_a_declined_top_up_takes_nothing(ada: Person, world: World) -> None:
    top_up = run_low(ada, world, "pm_card_chargeCustomerFail")
    assert (top_up.state, top_up.decline) == ("failed", "generic_decline")
    assert TopUpRule.objects.get().is_on
    assert balance(ada) == 40


def test_each_month_of_a_subscription_brings_its_credits(ada: Person, world: World) -> None:
    world.customer(ada.workspace)
    make_plan()
    page = ada.browser.post("/credits/subscription/studio/")["Location"]
    world.pay(page)
    subscription = starting.refresh(Subscription.objects.get())
    assert subscription.status == "active"
    tasks.reconcile()
    assert balance(ada) == 200
    world.advance(32)
    world.eventually(lambda: months(2))
    assert balance(ada) == 300
    assert starting.refresh(subscription).status == "active"


def months(count: int) -> bool:
    tasks.reconcile()
    return Order.objects.filter(origin="subscription", state="paid").count() == count
