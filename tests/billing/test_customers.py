"""One customer a workspace at Stripe, on which its receipts and invoices hang."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import Customer, Order
from tests.billing.conftest import Shop
from tests.billing.test_money_back import hear
from tests.billing.test_purchase import balance, come_back
from tests.conftest import Person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
]


def buy(person: Person) -> Order:
    answer = person.browser.post("/credits/buy/small/")
    return Order.objects.get(checkout_url=answer["Location"])


def test_a_workspace_is_one_customer(
    ada: Person, charlie: Person, shop: Shop, stripe_side: Any
) -> None:
    first, second, other = buy(ada), buy(ada), buy(charlie)
    assert first.customer == second.customer != other.customer
    listed = stripe_side.customers.list().data
    assert {one.id for one in listed} == {customer.stripe_id for customer in Customer.objects.all()}
    said = stripe_side.customers.retrieve(first.customer.stripe_id)
    assert (said.email, said.name) == ("ada@example.com", "Ada")
    assert said.metadata["workspace"] == ada.workspace.public_id


def test_a_customer_whose_answer_was_lost_is_not_made_twice(
    ada: Person, shop: Shop, stripe_side: Any
) -> None:
    buy(ada)
    known = Customer.objects.get().stripe_id
    Customer.objects.update(stripe_id=None)
    buy(ada)
    assert Customer.objects.get().stripe_id == known
    assert len(stripe_side.customers.list().data) == 1


def test_it_follows_what_the_buyer_changes_at_stripe(
    ada: Person, shop: Shop, stripe_side: Any
) -> None:
    customer = buy(ada).customer
    assert customer is not None
    stripe_side.customers.update(
        customer.stripe_id,
        {"email": "books@example.com", "name": "Ada Ltd", "address": {"country": "GB"}},
    )
    hear(shop)
    customer.refresh_from_db()
    found = (customer.email, customer.name, customer.country)
    assert found == ("books@example.com", "Ada Ltd", "GB")


@pytest.mark.parametrize("told", [True, False])
def test_a_deleted_customer_is_replaced_at_the_next_purchase(
    ada: Person, shop: Shop, stripe_side: Any, told: bool
) -> None:
    first = buy(ada)
    assert first.customer is not None
    stripe_side.customers.delete(first.customer.stripe_id)
    if told:
        hear(shop)
    second = buy(ada)
    assert second.customer is not None
    assert second.customer.stripe_id != first.customer.stripe_id
    first.customer.refresh_from_db()
    assert first.customer.deleted_at is not None
    assert "Thank you" in come_back(ada, shop.press(second.checkout_url, "pay"))
    assert balance(ada) == 200


def test_another_account_has_its_own_customers(ada: Person, shop: Shop, settings: Any) -> None:
    first = buy(ada)
    settings.STRIPE_ACCOUNT_ID = "acct_of_the_new_company"
    second = buy(ada)
    assert first.customer != second.customer
    assert Customer.objects.get(deleted_at=None) == second.customer
