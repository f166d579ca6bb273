"""Subscriptions: begun on Stripe's page, shown as they are, changed and left in the portal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core import mail
from django.utils import timezone

from accounts.models import Plan, Role
from billing import tasks
from billing.amounts import to_micro
from billing.models import Customer, StripeEvent, Subscription, SubscriptionPlan
from billing.models.subscriptions import LIVING
from tests.accounts.conftest import join
from tests.billing.conftest import Shop
from tests.billing.subscribers import Subscriber, make_plan
from tests.billing.test_purchase import balance
from tests.conftest import Person
from tests.queue import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


@pytest.fixture
def plan(shop: Shop) -> SubscriptionPlan:
    return make_plan()


@pytest.fixture
def ada_(ada: Person, shop: Shop, plan: SubscriptionPlan) -> Subscriber:
    return Subscriber(ada, shop)


def subjects() -> list[str]:
    return [sent.subject for sent in mail.outbox]


# --- beginning
def test_it_begins_on_stripes_page(ada_: Subscriber, ada: Person) -> None:
    page = ada_.page()
    assert "$29.00" in page
    assert "Subscribe" in page
    text = ada_.subscribe()
    assert 'badge--ok">Active' in text
    assert balance(ada) == 100
    ada_.events()
    assert balance(ada) == 200
    assert subjects() == ["Your subscription has begun"]
    assert "100 credits a month for $29.00" in mail.outbox[0].body
    assert ada.api.get("/subscription").json()["status"] == "active"


def test_it_says_what_each_plan_lets_you_spend_a_day(ada_: Subscriber, ada: Person) -> None:
    assert "No limit" in ada_.page()
    Plan.objects.filter(pk=ada.workspace.plan_id).update(daily_credits=to_micro(1200))
    assert "At most 1,200" in ada_.page()
    make_plan("film", workspace_plan=Plan.objects.get(slug="pro"))
    assert "At most 1,200" in ada_.page()
    assert "At most 5,000" in ada_.page()


def test_events_alone_are_enough_in_any_order(ada_: Subscriber, ada: Person) -> None:
    """The answer to making the page was lost, and the buyer never comes back."""
    page = ada_.start()
    Subscription.objects.update(status="new", stripe_session_id=None, checkout_url="")
    requests.post(f"{page}/pay", allow_redirects=False, timeout=10)
    for event in reversed(ada_.shop.events()):
        assert ada_.shop.send(event)
        assert ada_.shop.send(event)
    drain_queue()
    drain_queue(due_only=False)
    assert (ada_.row.status, balance(ada)) == ("active", 200)
    StripeEvent.objects.update(state="new", attempts=0)
    tasks.sweep()
    drain_queue()
    assert balance(ada) == 200


def test_the_second_click_leads_to_the_same_page(ada_: Subscriber) -> None:
    assert ada_.start() == ada_.start()
    assert Subscription.objects.count() == 1


def test_an_answer_that_was_lost_is_asked_for_again(ada_: Subscriber) -> None:
    page = ada_.start()
    Subscription.objects.update(status="new", stripe_session_id=None, checkout_url="")
    assert ada_.start() == page


def test_another_plan_closes_the_page_of_the_first(ada_: Subscriber, ada: Person) -> None:
    make_plan("large", amount=9900)
    first = ada_.start()
    second = ada_.start("large")
    assert first != second
    assert requests.post(f"{first}/pay", allow_redirects=False, timeout=10).status_code == 400
    assert [row.status for row in Subscription.objects.order_by("pk")] == ["expired", "checkout"]


def test_what_was_paid_meanwhile_is_not_paid_twice(ada_: Subscriber, ada: Person) -> None:
    make_plan("large", amount=9900)
    requests.post(f"{ada_.start()}/pay", allow_redirects=False, timeout=10)
    answer = ada.browser.post("/credits/subscription/large/", follow=True)
    assert "This workspace has a subscription" in answer.content.decode()
    assert len(ada_.stripe.subscriptions.list({"status": "all"}).data) == 1


def test_a_page_that_nobody_went_through_is_over(ada_: Subscriber) -> None:
    ada_.start()
    assert "You have begun to subscribe, and not paid" in ada_.page()
    ada_.months()
    Subscription.objects.update(expires_at=timezone.now() - timedelta(minutes=1), synced_at=None)
    tasks.sweep()
    drain_queue()
    assert Subscription.objects.get().status == "expired"
    assert "begun to subscribe" not in ada_.page()
    ada_.start()


@pytest.mark.parametrize("other", [{"livemode": True}, {"stripe_account": "acct_of_before"}])
def test_one_of_another_account_or_mode_is_in_nobodys_way(
    ada_: Subscriber, ada: Person, other: dict[str, Any]
) -> None:
    ada_.subscribe()
    Subscription.objects.update(**other)
    assert "Active" not in ada_.page()
    assert ada.api.get("/subscription").json()["status"] == "none"
    ada_.subscribe()
    assert [row.status for row in Subscription.objects.all()] == ["active", "active"]


def test_a_customer_that_was_deleted_at_stripe_is_replaced(ada_: Subscriber, ada: Person) -> None:
    ada.browser.post("/credits/buy/small/")
    ada_.stripe.customers.delete(Customer.objects.get().stripe_id)
    ada_.subscribe()
    assert (ada_.row.status, ada_.row.customer) == ("active", Customer.objects.get(deleted_at=None))


def test_a_card_that_refuses_begins_nothing(ada_: Subscriber, ada: Person) -> None:
    page = ada_.start()
    assert "declined" in requests.post(f"{page}/decline", timeout=10).text
    ada_.events()
    assert (ada_.row.status, balance(ada)) == ("checkout", 100)


def test_stripe_that_does_not_answer_takes_nothing(
    ada_: Subscriber, ada: Person, settings: Any
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    answer = ada.browser.post("/credits/subscription/studio/", follow=True)
    assert "did not answer" in answer.content.decode()
    settings.STRIPE_API_BASE = ada_.shop.sandbox.url
    ada_.subscribe()
    assert ada_.row.status == "active"


# --- its end
def test_the_portal_ends_it_with_the_period(ada_: Subscriber, ada: Person) -> None:
    ada_.subscribe()
    ada_.portal("cancel")
    assert "Nothing is charged any more" in ada_.page()
    ada_.events()
    ada_.portal("keep")
    assert "Next month begins" in ada_.page()
    ada_.portal("cancel")
    ada_.events()
    ada_.months()
    assert "Subscribe" in ada_.page()
    ada_.events()
    assert ada_.row.status == "canceled"
    assert "Your subscription has ended" in subjects()
    assert "Your subscription is going to end" in subjects()
    assert len(Subscription.objects.get().grants.all()) == 1
    ada_.subscribe()
    assert Subscription.objects.filter(status__in=LIVING).count() == 1


def test_a_payment_that_fails_is_told_once_and_shown(ada_: Subscriber, ada: Person) -> None:
    ada_.subscribe(card="pm_card_chargeCustomerFail")
    ada_.events()
    mail.outbox.clear()
    ada_.months()
    sent = [one for one in ada_.shop.events() if one["type"] == "invoice.payment_failed"]
    ada_.events()
    for event in sent:
        ada_.shop.send({**event, "id": f"{event['id']}_again"})
    drain_queue()
    failed = [one for one in subjects() if one.startswith("The payment for your subscription")]
    assert len(failed) == 1
    assert "The last payment did not go through" in ada_.page()
    assert ada_.row.status == "past_due"
    assert balance(ada) == 200
    page = ada.browser.get("/credits/subscription/pay/")["Location"]
    assert "paid" in requests.post(f"{page}/pay", timeout=10).text
    ada_.events()
    assert (ada_.row.status, balance(ada)) == ("active", 300)
    answer = ada.browser.get("/credits/subscription/pay/", follow=True)
    assert "Nothing is left to pay." in answer.content.decode()


def test_a_bank_that_wants_its_customer_is_told_too(ada_: Subscriber) -> None:
    ada_.subscribe(card="pm_card_authenticationRequired")
    ada_.events()
    mail.outbox.clear()
    ada_.months()
    assert "invoice.payment_action_required" in ada_.events()
    assert subjects() == ["The payment for your subscription did not go through"]
    assert "its bank wants you to confirm" in mail.outbox[0].body


def test_it_ends_when_nothing_is_paid(ada_: Subscriber) -> None:
    ada_.subscribe(card="pm_card_chargeCustomerFail")
    ada_.months(2)
    ada_.events()
    assert ada_.row.status == "canceled"
    assert ada_.row.changes.count() > 1


def test_what_events_do_not_tell_is_found_within_a_day(ada_: Subscriber) -> None:
    ada_.subscribe()
    ada_.portal("cancel")
    ada_.months()
    Subscription.objects.update(synced_at=timezone.now() - timedelta(days=2))
    tasks.sweep()
    drain_queue()
    assert ada_.row.status == "canceled"


# --- limits
def plan_of(person: Person) -> str:
    person.workspace.refresh_from_db()
    return person.workspace.plan.slug


def test_subscribers_get_the_limits_of_the_plan(ada_: Subscriber, ada: Person) -> None:
    make_plan("pro", amount=4900, workspace_plan=Plan.objects.get(slug="pro"))
    ada_.subscribe("pro")
    assert plan_of(ada) == "pro"
    ada_.stripe.subscriptions.cancel(ada_.row.stripe_id)
    ada_.events()
    assert plan_of(ada) == "unlimited"


def test_limits_that_the_operator_has_given_stay(ada_: Subscriber, ada: Person) -> None:
    make_plan("pro", amount=4900, workspace_plan=Plan.objects.get(slug="pro"))
    ada_.subscribe("pro")
    ada.workspace.plan = Plan.objects.get(slug="free")
    ada.workspace.save(update_fields=["plan"])
    assert "Active" in ada_.page()
    ada_.events()
    assert plan_of(ada) == "free"
    ada_.stripe.subscriptions.cancel(ada_.row.stripe_id)
    ada_.events()
    assert plan_of(ada) == "free"


def test_another_plan_without_limits_gives_back_those_from_before(
    ada_: Subscriber, ada: Person, plan: SubscriptionPlan
) -> None:
    make_plan("pro", amount=4900, workspace_plan=Plan.objects.get(slug="pro"))
    ada_.subscribe("pro")
    assert plan_of(ada) == "pro"
    items = ada_.stripe.subscriptions.retrieve(ada_.row.stripe_id)["items"].data
    change = {
        "items": [{"id": items[0].id, "price": plan.stripe_price_id}],
        "proration_behavior": "none",
    }
    ada_.stripe.subscriptions.update(ada_.row.stripe_id, change)
    assert "Studio" in ada_.page()
    assert plan_of(ada) == "unlimited"


# --- the portal, and who may what
def test_there_is_no_portal_without_a_customer(ada_: Subscriber, ada: Person) -> None:
    assert "Open billing portal" not in ada.browser.get("/credits/").content.decode()
    answer = ada.browser.post("/credits/portal/", {"back": "credits"}, follow=True)
    assert "no invoices or payments" in answer.content.decode()
    assert not Customer.objects.exists()


def test_there_is_no_portal_of_a_customer_that_was_deleted(ada_: Subscriber, ada: Person) -> None:
    ada.browser.post("/credits/buy/small/")
    ada_.stripe.customers.delete(Customer.objects.get().stripe_id)
    for _ in range(2):
        answer = ada.browser.post("/credits/portal/", {"back": "credits"}, follow=True)
        assert "no invoices or payments" in answer.content.decode()
    assert "Open billing portal" not in answer.content.decode()


def test_the_portal_leads_back(ada_: Subscriber, ada: Person) -> None:
    ada_.subscribe()
    assert "Open billing portal" in ada.browser.get("/credits/").content.decode()
    answer = ada.browser.post("/credits/portal/", {"back": "https://evil.example/"})
    page = requests.get(answer["Location"], timeout=10).text
    assert f'href="{ada_.shop.product}/credits/"' in page
    assert "Studio" in page


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_only_who_may_buy_subscribes(ada_: Subscriber, ada: Person, role: Role) -> None:
    bob = join(ada, role)
    assert bob.post("/credits/subscription/studio/").status_code == 403
    assert "An owner or admin" in bob.get("/credits/subscription/").content.decode()
    ada_.subscribe()
    assert bob.get("/credits/subscription/pay/").status_code == 403
    page = bob.get("/credits/subscription/").content.decode()
    assert "Active" in page
    assert "Manage subscription" not in page


def test_another_workspace_has_none(ada_: Subscriber, charlie: Person) -> None:
    ada_.subscribe()
    page = charlie.browser.get("/credits/subscription/").content.decode()
    assert "Active" not in page
    assert charlie.api.get("/subscription").json()["status"] == "none"


def test_a_plan_that_is_off_sale_cannot_be_begun(
    ada_: Subscriber, ada: Person, plan: SubscriptionPlan
) -> None:
    SubscriptionPlan.objects.update(is_active=False)
    answer = ada.browser.post("/credits/subscription/studio/", follow=True)
    assert "There is no such plan." in answer.content.decode()
    assert not Subscription.objects.exists()
