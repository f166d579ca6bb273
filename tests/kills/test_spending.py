"""Killed between any two steps of a job: held once, sent once, charged at most once.

The places are listed as in `test_buying`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.kills.conftest import Travel, steps

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

DELIVERED: dict[str, Any] = {
    "violations": [],
    "balance": "9.75",
    "held": "0",
    "jobs": [["succeeded", "captured"]],
    "assets": [2],
    "entries": [["capture", -250_000]],
}
HELD = steps("""
    UPDATE accounts_apikey
    UPDATE billing_creditaccount
    INSERT billing_hold
    INSERT generations_generation
    INSERT generations_transition
    INSERT generations_idempotencykey
    COMMIT
""")


def test_a_job_is_created_once(travel: Travel) -> None:
    deaths = travel("job")
    assert deaths.places == HELD
    deaths.assert_all_end(DELIVERED)
