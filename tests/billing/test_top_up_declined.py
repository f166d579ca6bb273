"""Cards that refuse, and banks that want to see their customer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe
from django.core import mail
from django.utils import timezone

from accounts.models import Role
from billing.models import SavedCard, TopUp, TopUpRule
from billing.sandbox.account import Account
from tests.accounts.conftest import join
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance
from tests.billing.top_ups import Fleet, set_up
from tests.conftest import Person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]

DECLINED = "The automatic top-up of Ada did not go through"


def run_low(ada: Person, shop: Shop, card: str) -> Fleet:
    fleet = set_up(ada, shop, card)
    fleet.spend("60")
    fleet.tick()
    return fleet


def statuses(fleet: Fleet) -> list[str]:
    return [one.status for one in fleet.intents()]


def change_outcome(shop: Shop, outcome: str) -> None:
    """The bank thinks differently of the card from now on."""
    account = Account(shop.sandbox.store)
    row = account.get("payment_method", SavedCard.objects.get().stripe_id)
    account.put({**row, "_outcome": outcome})


# --- declines
def test_a_declined_card_is_tried_once_more_and_not_at_once(ada: Person, shop: Shop) -> None:
    fleet = run_low(ada, shop, "pm_card_chargeCustomerFail")
    fleet.tick()
    top_up, rule = TopUp.objects.get(), TopUpRule.objects.get()
    assert (top_up.state, top_up.order.state) == ("failed", "failed")
    assert top_up.decline == "generic_decline"
    # Nobody can pay what was given up.
    assert statuses(fleet) == ["canceled"]
    assert rule.is_on
    assert [sent.subject for sent in mail.outbox] == [DECLINED]
    assert "It is tried once more, not before" in mail.outbox[0].body
    fleet.wait()
    fleet.tick()
    rule.refresh_from_db()
    assert (rule.is_on, TopUp.objects.count()) == (False, 2)
    assert rule.off_reason == "Visa ending in 0341 was declined again."
    assert "Automatic top-up is switched off" in mail.outbox[1].body
    fleet.wait()
    fleet.tick()
    assert statuses(fleet) == ["canceled", "canceled"]
    assert balance(ada) == 40


def test_a_card_that_always_will_refuse_is_tried_once(ada: Person, shop: Shop) -> None:
    fleet = set_up(ada, shop)
    change_outcome(shop, "lost_card")
    fleet.spend("60")
    fleet.tick()
    rule = TopUpRule.objects.get()
    assert (rule.is_on, rule.off_reason) == (False, "Visa ending in 4242 cannot be charged.")
    assert statuses(fleet) == ["canceled"]


def test_a_payment_that_works_makes_good(ada: Person, shop: Shop) -> None:
    fleet = run_low(ada, shop, "pm_card_chargeCustomerFail")
    change_outcome(shop, "succeed")
    fleet.wait()
    fleet.tick()
    assert (balance(ada), TopUpRule.objects.get().soft_declines) == (140, 0)


def test_a_card_that_stripe_does_not_know_is_not_charged(ada: Person, shop: Shop) -> None:
    """It was removed there, and we have not heard of it yet."""
    fleet = set_up(ada, shop)
    fleet.stripe.payment_methods.detach(SavedCard.objects.get().stripe_id)
    fleet.spend("60")
    fleet.tick()
    top_up = TopUp.objects.get()
    assert (top_up.state, top_up.order.state, fleet.intents()) == ("failed", "failed", [])
    fleet.events()
    rule = TopUpRule.objects.get()
    assert (rule.is_on, rule.off_reason) == (False, "The card was removed at Stripe.")


# --- authentication
@pytest.fixture
def asked(ada: Person, shop: Shop) -> Fleet:
    return run_low(ada, shop, "pm_card_authenticationRequired")


def page_of(fleet: Fleet) -> str:
    return f"/credits/top-ups/{TopUp.objects.get().public_id}/"


def see(fleet: Fleet) -> str:
    return str(fleet.person.browser.get(page_of(fleet)).content.decode())


def go_to_bank(fleet: Fleet, button: str) -> str:
    """Confirm on our page, answer at the bank, and come back."""
    assert fleet.person.browser.post(f"{page_of(fleet)}confirm/").status_code == 302
    text = see(fleet)
    assert "Go to your bank" in text
    address = text.split('button--primary" href="')[1].split('"')[0]
    back = requests.post(f"{address}/{button}", allow_redirects=False, timeout=10)
    path = back.headers["Location"].removeprefix(fleet.shop.product)
    return str(fleet.person.browser.get(path).content.decode())


def test_the_customer_confirms_it_from_a_mail(asked: Fleet, ada: Person) -> None:
    asked.tick()
    (sent,) = mail.outbox
    assert sent.subject == "Please confirm a payment for Ada"
    assert f"{asked.shop.product}{page_of(asked)}" in sent.body
    assert statuses(asked) == ["requires_payment_method"]
    assert "Please confirm this payment" in see(asked)
    assert "The credits are there" in go_to_bank(asked, "complete")
    assert (asked.charged(), balance(ada), len(asked.intents())) == (1800, 140, 1)
    asked.events()
    asked.sweep()
    assert balance(ada) == 140
    assert TopUp.objects.get().attempt == 2


def test_who_fails_at_the_bank_may_try_again(asked: Fleet, ada: Person) -> None:
    assert "Please confirm this payment" in go_to_bank(asked, "fail")
    assert TopUp.objects.get().state == "action"
    assert "The credits are there" in go_to_bank(asked, "complete")
    assert balance(ada) == 140


def test_a_second_click_confirms_nothing_more(asked: Fleet, ada: Person) -> None:
    go_to_bank(asked, "complete")
    answer = ada.browser.post(f"{page_of(asked)}confirm/", follow=True)
    assert "The credits are there" in answer.content.decode()
    assert (asked.charged(), balance(ada)) == (1800, 140)


def test_while_it_waits_nothing_else_is_bought(asked: Fleet) -> None:
    asked.wait()
    asked.tick()
    assert len(asked.intents()) == 1


def test_the_customer_may_cancel_it(asked: Fleet, ada: Person) -> None:
    answer = ada.browser.post(f"{page_of(asked)}cancel/", follow=True)
    assert "did not go through" in answer.content.decode()
    assert statuses(asked) == ["canceled"]
    assert not TopUpRule.objects.get().is_on
    intent = asked.intents()[0].id
    with pytest.raises(stripe.InvalidRequestError):
        asked.stripe.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert balance(ada) == 40


def test_nobody_confirms_it(asked: Fleet, ada: Person) -> None:
    asked.sweep()
    assert TopUp.objects.get().state == "action"
    TopUp.objects.update(acts_until=timezone.now() - timedelta(minutes=1))
    asked.sweep()
    top_up = TopUp.objects.get()
    assert (top_up.state, top_up.decline) == ("failed", "not_confirmed")
    assert statuses(asked) == ["canceled"]
    assert (TopUpRule.objects.get().soft_declines, balance(ada)) == (1, 40)
    assert "Nobody has confirmed it" in see(asked)


def test_removing_the_card_ends_it(asked: Fleet, ada: Person) -> None:
    ada.browser.post("/credits/top-up/card/remove/")
    asked.tick()
    assert TopUp.objects.get().state == "failed"
    assert statuses(asked) == ["canceled"]


def test_removing_the_card_at_stripe_ends_it_too(asked: Fleet) -> None:
    asked.events()
    asked.stripe.payment_methods.detach(SavedCard.objects.get().stripe_id)
    asked.events()
    assert TopUp.objects.get().state == "failed"
    assert statuses(asked) == ["canceled"]


@pytest.mark.parametrize("action", ["confirm", "cancel"])
def test_others_have_no_part_in_it(asked: Fleet, ada: Person, charlie: Person, action: str) -> None:
    address = f"{page_of(asked)}{action}/"
    assert charlie.browser.post(address).status_code == 404
    assert charlie.browser.get(page_of(asked)).status_code == 404
    for role, email in ((Role.VIEWER, "vic@example.com"), (Role.MEMBER, "eve@example.com")):
        member = join(ada, role, email)
        assert member.post(address).status_code == 403
        page: Any = member.get(page_of(asked)).content.decode()
        assert "Confirm with your bank" not in page
    assert TopUp.objects.get().state == "action"
