"""The operator refunds what is unspent while a job takes the same credits."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import transaction

from billing import credits, refunds
from billing.amounts import to_micro
from billing.models import Hold, Order, Refund
from tests.billing.bank import Bank
from tests.billing.conftest import Shop
from tests.billing.test_money_back import hear, spend
from tests.billing.test_races import kinds, together
from tests.conftest import Person

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("proven_ledger"),
    pytest.mark.race,
]

ROUNDS = 8


@pytest.fixture
def only_bought(ada: Person, shop: Shop, order: Order) -> Order:
    """All that is left are the 100 credits of the order."""
    hear(shop)
    spend(ada, "100")
    # Unheard of here: it lets Stripe refuse to refund, so that each round begins as the first.
    Bank(shop.sandbox).dispute(order)
    return order


def test_the_same_credits_are_held_or_refunded(ada: Person, only_bought: Order) -> None:
    for number in range(ROUNDS):

        def refund() -> Refund:
            return refunds.request(
                order=only_bought, amount=1800, key=uuid4().hex, reason="", by=ada.user
            )

        def hold(number: int = number) -> None:
            with transaction.atomic():
                credits.hold(workspace=ada.workspace, amount=to_micro(100), key=f"race:{number}")

        found = kinds(together([refund, hold]))
        assert found in (
            {"Refund": 1, "InsufficientCredits": 1},
            {"RefundRefused": 1, "NoneType": 1},
        )
        now = credits.balance(ada.workspace)
        assert (now.available, now.debt) == (0, 0)
        _undo(only_bought, f"race:{number}")


def test_it_would_leave_a_debt_without_the_lock(ada: Person, only_bought: Order) -> None:
    """What is counted before the account is taken may be gone by then."""
    counted = refunds.unspent(only_bought)
    with transaction.atomic():
        credits.hold(workspace=ada.workspace, amount=to_micro(100), key="race")
    refunds.request(
        order=only_bought,
        amount=counted,
        key=uuid4().hex,
        reason="",
        by=ada.user,
        beyond_unspent=True,
    )
    assert credits.balance(ada.workspace).debt == to_micro(100)


def _undo(order: Order, key: str) -> None:
    for refund in Refund.objects.filter(status="requested"):
        assert refunds.send(refund).status == "failed"
    with transaction.atomic():
        for hold in Hold.objects.filter(reference=key):
            credits.release(hold=hold, reason="of the test")
