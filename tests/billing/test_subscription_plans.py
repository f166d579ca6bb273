"""Plans as the operator makes them: drafted, put on sale, final."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection
from django.test import Client

from accounts.models import User
from billing.amounts import to_micro
from billing.errors import UnsaleablePlan
from billing.models import SubscriptionPlan, TopUpRule
from billing.subscriptions import plans
from tests.billing.conftest import Shop
from tests.billing.subscribers import Subscriber, make_plan
from tests.billing.test_admin import act
from tests.billing.top_ups import set_up
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/billing/subscriptionplan"
DRAFT = {
    "slug": "studio",
    "name": "Studio",
    "credits": "100",
    "amount": "2900",
    "currency": "usd",
    "stripe_price_id": "",
    "roll_over": "none",
    "roll_over_months": "",
    "roll_over_cap": "",
    "workspace_plan": "",
    "ordering": "0",
}


def draft(operator: Client, **values: str) -> Any:
    return operator.post(f"{PAGE}/add/", {**DRAFT, **values})


def test_a_draft_gets_its_price_when_it_goes_on_sale(
    operator: Client, ada: Person, shop: Shop
) -> None:
    assert draft(operator).status_code == 302
    plan = SubscriptionPlan.objects.get()
    assert (plan.credits, plan.stripe_price_id, plan.is_active) == (to_micro(100), None, False)
    assert "Subscribe" not in Subscriber(ada, shop).page()
    assert "Studio is on sale" in act(operator, "subscriptionplan", "put_on_sale", plan.pk)
    plan.refresh_from_db()
    price = Subscriber(ada, shop).stripe.prices.retrieve(plan.stripe_price_id)
    assert (price.unit_amount, price.currency, price.recurring.interval) == (2900, "usd", "month")
    act(operator, "subscriptionplan", "put_on_sale", plan.pk)
    assert len(Subscriber(ada, shop).stripe.prices.list().data) == 1


def test_its_terms_are_final_once_it_is_on_sale(operator: Client, shop: Shop) -> None:
    plan = make_plan()
    operator.post(f"{PAGE}/{plan.pk}/change/", {**DRAFT, "name": "Atelier", "amount": "1"})
    plan.refresh_from_db()
    assert (plan.name, plan.amount) == ("Atelier", 2900)
    assert operator.post(f"{PAGE}/{plan.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE billing_subscriptionplan SET credits = credits + 1",
        "UPDATE billing_subscriptionplan SET amount = 1",
        "UPDATE billing_subscriptionplan SET stripe_price_id = 'price_1'",
        "UPDATE billing_subscriptionplan SET roll_over = 'unlimited'",
        "UPDATE billing_subscriptionplan SET published_at = NULL, is_active = (1 = 0)",
        "DELETE FROM billing_subscriptionplan",
    ],
)
def test_the_database_keeps_the_terms(shop: Shop, attack: str) -> None:
    plan = make_plan()
    with pytest.raises(IntegrityError, match="was on sale"), connection.cursor() as cursor:
        cursor.execute(attack)
    plans.withdraw(plan)
    assert plans.put_on_sale(plan).credits == plan.credits


@pytest.mark.parametrize(
    ("price", "why"),
    [
        ({"unit_amount": 2800}, "unit_amount is 2800, not 2900"),
        ({"currency": "eur"}, "currency is"),
        ({"recurring": {"interval": "year"}}, "recurring is"),
        ({"recurring": None}, "recurring is None"),
    ],
)
def test_a_price_that_is_another_one_is_refused(
    operator: Client, ada: Person, shop: Shop, price: dict[str, Any], why: str
) -> None:
    stripe = Subscriber(ada, shop).stripe
    product = stripe.products.create({"name": "Studio"}).id
    wanted = {
        "product": product,
        "currency": "usd",
        "unit_amount": 2900,
        "recurring": {"interval": "month"},
        **price,
    }
    made = stripe.prices.create({name: value for name, value in wanted.items() if value})
    draft(operator, stripe_price_id=made.id)
    plan = SubscriptionPlan.objects.get()
    page = act(operator, "subscriptionplan", "put_on_sale", plan.pk)
    assert why in page.replace("&#x27;", "'")
    plan.refresh_from_db()
    assert (plan.is_active, plan.published_at) == (False, None)


def test_a_draft_that_has_changed_meanwhile_is_not_on_sale(operator: Client, shop: Shop) -> None:
    draft(operator)
    seen = SubscriptionPlan.objects.get()
    SubscriptionPlan.objects.update(amount=9900)
    with pytest.raises(UnsaleablePlan, match="unit_amount is 2900, not 9900"):
        plans.put_on_sale(seen)
    assert not SubscriptionPlan.objects.get().is_active


def test_a_price_that_is_not_there_is_refused(operator: Client, shop: Shop) -> None:
    draft(operator, stripe_price_id="price_nowhere")
    page = act(operator, "subscriptionplan", "put_on_sale", SubscriptionPlan.objects.get().pk)
    assert "is not on sale" in page


@pytest.mark.parametrize(
    "values",
    [
        {"credits": "0"},
        {"credits": "-1"},
        {"credits": "nan"},
        {"amount": "0"},
        {"amount": "-5"},
        {"currency": "dollars"},
        {"currency": "zzz"},
        {"roll_over": "months"},
        {"roll_over_months": "3"},
        {"roll_over": "capped"},
        {"roll_over": "capped", "roll_over_cap": "50"},
        {"roll_over_cap": "500"},
    ],
)
def test_poisonous_terms_are_refused(operator: Client, shop: Shop, values: dict[str, str]) -> None:
    answer = draft(operator, **values)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not SubscriptionPlan.objects.exists()


def test_the_operator_may_switch_a_top_up_off(operator: Client, ada: Person, shop: Shop) -> None:
    set_up(ada, shop)
    rule = TopUpRule.objects.get()
    act(operator, "topuprule", "switch_off", rule.pk)
    rule.refresh_from_db()
    assert (rule.is_on, rule.off_reason) == (False, "Switched off by the operator.")


def test_who_may_only_look_switches_nothing_off(ada: Person, shop: Shop) -> None:
    set_up(ada, shop)
    staff = User.objects.create_user("staff@example.com", "a-long-passphrase", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_topuprule"))
    client = Client()
    client.force_login(staff)
    assert "Ada" in client.get("/admin/billing/topuprule/").content.decode()
    act(client, "topuprule", "switch_off", TopUpRule.objects.get().pk)
    assert TopUpRule.objects.get().is_on


@pytest.mark.parametrize(
    "model", ["cardconsent", "savedcard", "topuprule", "topup", "subscription", "subscriptionplan"]
)
def test_the_operator_sees_each(operator: Client, ada: Person, shop: Shop, model: str) -> None:
    fleet = set_up(ada, shop)
    fleet.spend("60")
    fleet.tick()
    make_plan()
    Subscriber(ada, shop).subscribe()
    page = operator.get(f"/admin/billing/{model}/").content.decode()
    assert page.count('class="field-') >= 1
    first = page.split(f"/admin/billing/{model}/")[-1].split("/")[0]
    assert operator.get(f"/admin/billing/{model}/{first}/change/").status_code in (200, 302)


def test_programs_can_look_at_what_is_set_up(ada: Person, charlie: Person, shop: Shop) -> None:
    before = ada.api.get("/credits/top-up").json()
    assert (before["is_on"], before["card"], before["threshold"]) == (False, None, "0")
    set_up(ada, shop)
    now = ada.api.get("/credits/top-up").json()
    assert now == {
        "is_on": True,
        "off_reason": "",
        "threshold": "50",
        "pack": "small",
        "currency": "usd",
        "monthly_cap": 10000,
        "charged_this_month": 0,
        "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2040},
    }
    assert charlie.api.get("/credits/top-up").json()["card"] is None
