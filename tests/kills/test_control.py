"""The harness sees what is half done: the same way, with and without its transaction."""

from __future__ import annotations

import pytest

from tests.kills.conftest import Travel

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


def test_one_transaction_is_all_or_nothing(travel: Travel) -> None:
    ends = travel("transfer").ends
    assert sorted((end["balance"], end["other"]) for end in ends) == [("10", "10"), ("6", "14")]


def test_without_it_credits_get_lost_on_the_way(travel: Travel) -> None:
    ends = travel("torn-transfer").ends
    assert ("6", "10") in [(end["balance"], end["other"]) for end in ends]
