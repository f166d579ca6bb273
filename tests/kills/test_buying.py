"""Killed between any two steps of a purchase: credited once, taken back once, nothing lost.

The places are listed as the process passes them, and it dies before each of them; statements that
only read are not listed. A place that is not listed fails the test.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.kills.conftest import Travel, steps

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

PAID: dict[str, Any] = {
    "violations": [],
    "balance": "100",
    "held": "0",
    "orders": ["paid"],
    "purchases": ["100"],
    "at stripe": {"customers": 1, "sessions": 1, "intents": 1},
}
BUYING = steps("""
    UPDATE accounts_apikey
    UPDATE billing_customer
    INSERT billing_customer
    COMMIT
    POST /v1/customers
    answer
    UPDATE billing_customer
    COMMIT
    INSERT billing_order
    COMMIT
    POST /v1/checkout/sessions
    answer
    UPDATE billing_order
    UPDATE billing_order
    INSERT billing_orderchange
    UPDATE billing_order
    COMMIT
""")
STORING = steps("""
    INSERT billing_stripeevent
    INSERT django_q_ormq
    COMMIT
    UPDATE billing_stripeevent
""")
LOOKING = steps("""
    GET /v1/checkout/sessions/{id}
    answer
    GET /v1/refunds
    answer
    GET /v1/disputes
    answer
    GET /v1/radar/early_fraud_warnings
    answer
""")
CREDITING = steps("""
    UPDATE billing_order
    UPDATE billing_creditaccount
    INSERT billing_creditaccount
    UPDATE billing_creditaccount
    INSERT billing_entry
    UPDATE billing_order
    INSERT billing_orderchange
    UPDATE billing_order
    COMMIT
""")
TAKING_BACK = steps("""
    UPDATE billing_order
    INSERT billing_refund
    UPDATE billing_creditaccount
    INSERT billing_entry
    UPDATE billing_order
    UPDATE billing_order
    COMMIT
""")
TAKING_FOR_FRAUD = steps("""
    UPDATE billing_order
    INSERT billing_dispute
    INSERT django_q_ormq
    INSERT billing_freeze
    UPDATE billing_creditaccount
    INSERT django_q_ormq
    UPDATE billing_creditaccount
    INSERT billing_entry
    UPDATE billing_order
    UPDATE billing_order
    COMMIT
""")
ASKING_TO_REFUND = steps("""
    INSERT billing_refund
    UPDATE billing_creditaccount
    INSERT billing_entry
    UPDATE billing_order
    UPDATE billing_order
    INSERT django_q_ormq
    COMMIT
    POST /v1/refunds
    answer
    UPDATE billing_refund
""")
TAKING_OUR_REFUND = steps("""
    UPDATE billing_order
    UPDATE billing_refund
    UPDATE billing_order
    COMMIT
""")
ALL = ["100", "100"]  # by the order, and by the one entry of the ledger
DONE = ["UPDATE billing_stripeevent"]


def test_a_purchase_leaves_one_session_and_one_payment(travel: Travel) -> None:
    deaths = travel("purchase")
    assert deaths.places == BUYING
    deaths.assert_all_end(PAID)


@pytest.mark.parametrize("kind", ["payment", "lost-payment"], ids=["told again", "swept"])
def test_a_payment_is_credited_once(travel: Travel, kind: str) -> None:
    deaths = travel(kind)
    assert deaths.places == STORING + LOOKING + CREDITING + DONE
    deaths.assert_all_end(PAID)


def test_a_refund_is_taken_back_once(travel: Travel) -> None:
    """60 of the 100 credits are spent: 40 are taken, and 60 are owed."""
    deaths = travel("money-back")
    assert deaths.places == STORING + LOOKING + TAKING_BACK + DONE
    deaths.assert_all_end({**PAID, "balance": "0", "debt": "60", "frozen": False, "clawed": ALL})


def test_a_fraud_freezes_and_takes_back_once(travel: Travel) -> None:
    deaths = travel("fraud")
    assert deaths.places == STORING + LOOKING + TAKING_FOR_FRAUD + DONE
    deaths.assert_all_end({**PAID, "balance": "0", "debt": "60", "frozen": True, "clawed": ALL})


def test_a_refund_of_ours_is_made_once(travel: Travel) -> None:
    """The operator gives back what is unspent, and presses the button again after the restart."""
    deaths = travel("own-refund")
    assert deaths.places == ASKING_TO_REFUND + LOOKING + TAKING_OUR_REFUND
    unspent = {"balance": "0", "debt": "0", "frozen": False, "clawed": ["40", "40"]}
    made = {"refunds": {"ours": [[720, "succeeded"]], "at stripe": [720]}}
    deaths.assert_all_end({**PAID, **unspent, **made})
