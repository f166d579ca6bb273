"""`check_ledger` finds orders whose credits do not follow their money."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from billing import credits, freezes, ledger
from billing.models import CreditAccount, Order
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_money_back import hear
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)

SUM = "order: what was taken back is the sum of its entries"
SHARE = "order: as much is taken back as its share of the money that went back"


@pytest.fixture
def refunded(order: Order, shop: Shop, bank: Bank) -> Order:
    bank.refund(order, 450)
    hear(shop)
    assert ledger.check().violations == []
    return order


def broken() -> set[str]:
    return {violation["rule"] for violation in ledger.check().violations}


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"clawed": 1}, {SUM, SHARE}),
        ({"lost": 451}, {SHARE}),
        ({"amount_total": 1799}, {SHARE}),
    ],
    ids=["clawed", "lost", "total"],
)
def test_it_finds_an_order_that_does_not_fit(
    refunded: Order, changed: dict[str, Any], rules: set[str]
) -> None:
    Order.objects.filter(pk=refunded.pk).update(**changed)
    assert broken() == rules


def test_it_finds_what_no_order_took_back(refunded: Order, ada: Person) -> None:
    Order.objects.filter(pk=refunded.pk).update(public_id="ord_" + "x" * 22)
    assert "entry: what an order took back or gave back has its order" in broken()


def test_it_finds_a_freeze_that_does_not_freeze(refunded: Order, ada: Person) -> None:
    with transaction.atomic():
        freezes.freeze(workspace=ada.workspace, cause="test", reason="A test")
    assert broken() == set()
    with transaction.atomic():
        credits.unfreeze(workspace=ada.workspace)
    assert CreditAccount.objects.get(workspace=ada.workspace).frozen == ""
    assert broken() == {"account: it is frozen while a freeze of its workspace is in force"}
