"""The card that is kept: with consent, shown, and removed everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core import mail
from django.utils import timezone

from accounts.models import AuditEvent, Role
from billing import tasks
from billing.cards import TERMS, TERMS_VERSION
from billing.models import CardConsent, SavedCard, TopUpRule
from billing.sandbox.account import Account
from tests.accounts.conftest import join
from tests.billing.conftest import Shop
from tests.billing.top_ups import RULE, Fleet, set_up
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fleet(ada: Person, shop: Shop) -> Fleet:
    return Fleet(ada, shop)


def page(person: Person) -> str:
    return str(person.browser.get("/credits/top-up/").content.decode())


def cards_at_stripe(fleet: Fleet) -> list[str]:
    customer = CardConsent.objects.all()[0].customer.stripe_id
    return [one.id for one in fleet.stripe.payment_methods.list({"customer": customer}).data]


def test_it_is_kept_with_what_was_agreed_to(fleet: Fleet, ada: Person) -> None:
    assert TERMS.split(":")[0] in page(ada).replace("&#x27;", "'")
    text = fleet.save_card()
    assert "Visa ending in 4242" in text
    assert "Expires 12/40" in text
    consent = CardConsent.objects.get()
    assert (consent.given_by, consent.given_by_email) == (ada.user, "ada@example.com")
    assert (consent.terms_version, consent.terms) == (TERMS_VERSION, TERMS)
    assert consent.address == "127.0.0.1"
    assert AuditEvent.objects.filter(action="card.saved", user=ada.user).exists()
    assert fleet.intents() == []


def test_without_agreement_there_is_no_page(fleet: Fleet, ada: Person) -> None:
    answer = ada.browser.post("/credits/top-up/card/", follow=True)
    assert "agree to the terms first" in answer.content.decode()
    assert not CardConsent.objects.exists()


def test_an_event_is_enough(fleet: Fleet, ada: Person) -> None:
    answer = ada.browser.post("/credits/top-up/card/", {"agreed": "yes"})
    # The answer of Stripe was lost, and the buyer never comes back.
    CardConsent.objects.update(stripe_session_id=None)
    requests.post(f"{answer['Location']}/pay", allow_redirects=False, timeout=10)
    fleet.events()
    assert SavedCard.objects.get().last4 == "4242"
    fleet.events()
    assert SavedCard.objects.count() == 1


def test_a_card_that_is_refused_is_not_kept(fleet: Fleet, ada: Person) -> None:
    answer = ada.browser.post("/credits/top-up/card/", {"agreed": "yes"})
    requests.post(f"{answer['Location']}/decline", allow_redirects=False, timeout=10)
    consent = CardConsent.objects.get()
    back = ada.browser.get(f"/credits/top-up/card/{consent.public_id}/", follow=True)
    assert "No card was saved." in back.content.decode()
    assert not SavedCard.objects.exists()


def test_another_card_takes_its_place(fleet: Fleet) -> None:
    fleet.save_card()
    old = SavedCard.objects.get().stripe_id
    fleet.save_card("pm_card_chargeCustomerFail")
    drain_queue()
    kept = SavedCard.objects.get(removed_at=None)
    assert (kept.last4, cards_at_stripe(fleet)) == ("0341", [kept.stripe_id])
    assert SavedCard.objects.get(stripe_id=old).detached_at is not None


def test_it_is_removed_here_and_at_stripe(ada: Person, shop: Shop) -> None:
    fleet = set_up(ada, shop)
    answer = ada.browser.post("/credits/top-up/card/remove/", follow=True)
    assert "No card is saved." in answer.content.decode()
    drain_queue()
    assert cards_at_stripe(fleet) == []
    rule = TopUpRule.objects.get()
    assert (rule.is_on, rule.off_reason) == (False, "The card was removed.")
    fleet.events()
    # Who removed it knows.
    assert mail.outbox == []


def test_stripe_forgets_it_later_if_it_does_not_answer(
    ada: Person, shop: Shop, settings: Any
) -> None:
    fleet = set_up(ada, shop)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    ada.browser.post("/credits/top-up/card/remove/")
    drain_queue()
    assert SavedCard.objects.get().detached_at is None
    settings.STRIPE_API_BASE = shop.sandbox.url
    tasks.sweep()
    drain_queue()
    assert cards_at_stripe(fleet) == []


def test_a_card_removed_at_stripe_switches_top_up_off(ada: Person, shop: Shop) -> None:
    fleet = set_up(ada, shop)
    fleet.events()
    fleet.stripe.payment_methods.detach(SavedCard.objects.get().stripe_id)
    fleet.events()
    assert not TopUpRule.objects.get().is_on
    assert [sent.subject for sent in mail.outbox] == ["Automatic top-up of Ada is switched off"]
    assert "No card is saved." in page(ada)


@pytest.mark.parametrize("told", [True, False])
def test_a_customer_deleted_at_stripe_has_no_card(ada: Person, shop: Shop, told: bool) -> None:
    fleet = set_up(ada, shop)
    fleet.stripe.customers.delete(CardConsent.objects.get().customer.stripe_id)
    if told:
        fleet.events()
        assert not TopUpRule.objects.get().is_on
        assert SavedCard.objects.get().removed_at is not None
    # Another card may be saved, with another customer.
    assert "is saved" in fleet.save_card()


def test_a_renewed_card_shows_its_new_expiry(ada: Person, shop: Shop) -> None:
    fleet = set_up(ada, shop)
    account = Account(shop.sandbox.store)
    row = account.get("payment_method", SavedCard.objects.get().stripe_id)
    row["card"] = {**row["card"], "exp_year": 2044}
    account.changed("payment_method.automatically_updated", row)
    fleet.events()
    assert SavedCard.objects.get().expiry == "12/44"


def test_a_late_event_of_a_removed_card_brings_it_not_back(ada: Person, shop: Shop) -> None:
    fleet = set_up(ada, shop)
    ada.browser.post("/credits/top-up/card/remove/")
    fleet.events()
    assert SavedCard.objects.filter(removed_at=None).count() == 0


# --- refusals
@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_only_who_may_buy_has_a_say(ada: Person, shop: Shop, role: Role) -> None:
    set_up(ada, shop)
    bob = join(ada, role)
    text = bob.get("/credits/top-up/").content.decode()
    assert "An owner or admin of this workspace can set this up" in text
    assert "Visa ending in 4242" in text
    for address, values in {
        "/credits/top-up/": RULE,
        "/credits/top-up/off/": {},
        "/credits/top-up/card/": {"agreed": "yes"},
        "/credits/top-up/card/remove/": {},
        "/credits/portal/": {},
    }.items():
        assert bob.post(address, values).status_code == 403, address
    assert TopUpRule.objects.get().is_on
    assert SavedCard.objects.filter(removed_at=None).count() == 1


def test_another_workspace_sees_nothing_of_it(ada: Person, charlie: Person, shop: Shop) -> None:
    set_up(ada, shop)
    consent = CardConsent.objects.get()
    assert "4242" not in page(charlie)
    assert charlie.browser.get(f"/credits/top-up/card/{consent.public_id}/").status_code == 404
    charlie.browser.post("/credits/top-up/card/remove/")
    charlie.browser.post("/credits/top-up/off/")
    assert TopUpRule.objects.get().is_on
    assert SavedCard.objects.filter(removed_at=None).count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"threshold": "0"}, "threshold"),
        ({"threshold": "101"}, "threshold"),
        ({"threshold": "nan"}, "threshold"),
        ({"pack": "gone usd"}, "pack"),
        ({"pack": ""}, "pack"),
        ({"monthly_cap": "17.99"}, "monthly_cap"),
        ({"monthly_cap": "18.001"}, "monthly_cap"),
        ({"monthly_cap": "-1"}, "monthly_cap"),
        ({"monthly_cap": "99999999999"}, "monthly_cap"),
    ],
)
def test_it_refuses_what_makes_no_sense(
    fleet: Fleet, ada: Person, values: dict[str, str], field: str
) -> None:
    fleet.save_card()
    answer = fleet.order(**values)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not TopUpRule.objects.exists()


def test_without_a_card_nothing_is_switched_on(fleet: Fleet) -> None:
    answer = fleet.order()
    assert (answer.status_code, TopUpRule.objects.count()) == (422, 0)
    assert "Save a card first" in answer.content.decode()


def test_a_new_order_keeps_the_distance_of_the_last_purchase(ada: Person, shop: Shop) -> None:
    fleet = set_up(ada, shop)
    fleet.spend("60")
    fleet.tick()
    fleet.order(threshold="90")
    assert TopUpRule.objects.get().next_at > timezone.now() + timedelta(seconds=1)
