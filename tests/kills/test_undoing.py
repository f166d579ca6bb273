"""Killed between any two steps of undoing: what went wrong is put right once.

The places are listed as in `test_buying`.
"""

from __future__ import annotations

import pytest

from tests.kills.conftest import Travel, steps
from tests.kills.test_buying import DONE, LOOKING, PAID, STORING
from tests.kills.test_spending import DELIVERED, STORED

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

CLOSING = steps("""
    UPDATE billing_order
    POST /v1/checkout/sessions/{id}/expire
    answer
    GET /v1/checkout/sessions/{id}
    answer
    UPDATE billing_order
    UPDATE billing_order
    INSERT billing_orderchange
    UPDATE billing_order
    COMMIT
""")
LATE = steps("""
    UPDATE generations_generation
    GET /v1/ai/video-endpoint/kling/audio/text-to-audio/{id}
    answer
    UPDATE generations_generation
    INSERT generations_transition
    UPDATE billing_creditaccount
    UPDATE billing_hold
    INSERT billing_entry
    INSERT django_q_ormq
    COMMIT
""")
GIVING_BACK = steps("""
    UPDATE billing_order
    UPDATE billing_dispute
    UPDATE billing_freeze
    UPDATE billing_creditaccount
    UPDATE billing_creditaccount
    INSERT billing_entry
    INSERT billing_entry
    UPDATE billing_order
    UPDATE billing_order
    COMMIT
""")


def test_a_purchase_given_up_is_closed_once(travel: Travel) -> None:
    deaths = travel("cancellation")
    assert deaths.places == CLOSING
    nothing = {"customers": 1, "sessions": 1, "intents": 0}
    end = {"balance": "0", "orders": ["expired"], "purchases": [], "at stripe": nothing}
    deaths.assert_all_end({**PAID, **end})


def test_a_dispute_that_is_won_gives_back_once(travel: Travel) -> None:
    """60 of 100 credits were spent: what comes back repays the debt of them first."""
    deaths = travel("won-dispute")
    assert deaths.places == STORING + LOOKING + GIVING_BACK + DONE
    given = {"clawed": ["0", "100"], "restored": ["100"], "debt": "0", "frozen": False}
    deaths.assert_all_end({**PAID, "balance": "40", **given})


def test_a_verdict_after_a_decision_by_hand_is_charged_once(travel: Travel) -> None:
    deaths = travel("late-verdict")
    assert deaths.places == LATE + STORED
    released = {"jobs": [["succeeded", "released"]], "entries": [["adjustment", -250_000]]}
    # The customer had been told of the decision before the provider spoke after all.
    told = [["generation.failed", "delivered"], ["generation.succeeded", "delivered"]]
    deaths.assert_all_end({**DELIVERED, **released, "told": told})
