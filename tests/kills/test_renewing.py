"""Killed between any two steps of money that moves by itself: charged once, credited once.

The places are listed as in `test_buying`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.kills.conftest import Travel, steps
from tests.kills.test_buying import DONE, PAID, STORING

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

BEGINNING = steps("""
    INSERT billing_order
    INSERT billing_topup
    UPDATE billing_topuprule
    INSERT django_q_ormq
    COMMIT
    UPDATE billing_topup
    POST /v1/payment_intents
    answer
    GET /v1/payment_intents/{id}
    answer
""")
LOOKING = steps("""
    GET /v1/refunds
    answer
    GET /v1/disputes
    answer
    GET /v1/radar/early_fraud_warnings
    answer
""")
CREDITING = steps("""
    INSERT billing_entry
    UPDATE billing_order
    INSERT billing_orderchange
    UPDATE billing_order
    COMMIT
""")
OPENED = steps("""
    UPDATE billing_order
    UPDATE billing_order
    INSERT billing_orderchange
""")
PAID_FOR = steps("""
    UPDATE billing_topup
    INSERT billing_topupchange
    UPDATE billing_topuprule
    INSERT django_q_ormq
    COMMIT
""")
DECLINED = steps("""
    UPDATE billing_order
    COMMIT
    GET /v1/payment_intents/{id}
    answer
    UPDATE billing_topup
    INSERT billing_topupchange
    UPDATE billing_topuprule
    INSERT django_q_ormq
    COMMIT
    COMMIT
    POST /v1/payment_intents/{id}/cancel
    answer
    GET /v1/payment_intents/{id}
    answer
    UPDATE billing_order
    UPDATE billing_order
    INSERT billing_orderchange
    UPDATE billing_order
    COMMIT
    UPDATE billing_topup
    INSERT billing_topupchange
    COMMIT
""")
WRITING = steps("""
    GET /v1/invoices/{id}
    answer
    GET /v1/invoices/{id}/lines
    answer
    INSERT billing_order
    INSERT billing_subscriptiongrant
    COMMIT
    GET /v1/invoices/{id}
    answer
    GET /v1/invoice_payments
    answer
""")
FIRST_CREDITS = steps("""
    UPDATE billing_creditaccount
    INSERT billing_creditaccount
    UPDATE billing_creditaccount
""")


def test_a_top_up_is_charged_and_credited_once(travel: Travel) -> None:
    """60 of 100 credits are spent; a further 100 are bought."""
    deaths = travel("top-up")
    crediting = [*OPENED, "UPDATE billing_creditaccount", *CREDITING]
    assert deaths.places == BEGINNING + LOOKING + crediting + PAID_FOR
    deaths.assert_all_end({**PAID, "balance": "140", "top-ups": ["paid"], "taken": 1800})


def test_a_declined_top_up_ends_once_and_takes_nothing(travel: Travel) -> None:
    deaths = travel("declined-top-up")
    assert deaths.places == BEGINNING + OPENED + DECLINED
    ended = {"balance": "40", "orders": ["failed"], "purchases": [], "top-ups": ["failed"]}
    deaths.assert_all_end({**PAID, **ended, "taken": 0})


def test_a_month_of_a_subscription_is_credited_once(travel: Travel) -> None:
    deaths = travel("month")
    crediting = OPENED + FIRST_CREDITS + CREDITING
    assert deaths.places == STORING + WRITING + LOOKING + crediting + DONE
    end: dict[str, Any] = {**PAID, "purchases": [], "months": ["100"], "grants": ["100"]}
    deaths.assert_all_end(end)
