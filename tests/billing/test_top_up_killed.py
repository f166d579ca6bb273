"""The worker is killed before each of its statements in turn. Nothing is bought twice or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django_q.models import OrmQ

from billing import ledger, tasks
from billing.models import TopUp
from billing.top_ups import due
from tests.billing.conftest import Shop
from tests.billing.test_purchase import balance
from tests.billing.top_ups import Fleet, set_up
from tests.conftest import make_person

pytestmark = pytest.mark.django_db(transaction=True)

MOST = 200


class Killed(BaseException):
    """As SIGKILL: nothing handles it."""


@contextmanager
def killed_before(statement: int) -> Iterator[list[int]]:
    """Die before the statement with that number. What is open is rolled back by the database."""
    seen = [0]

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        seen[0] += 1
        if seen[0] == statement:
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield seen


@pytest.mark.timeout(900)
@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_chargeCustomerFail"])
def test_wherever_it_dies_the_money_is_taken_once(shop: Shop, card: str) -> None:
    fails = card != "pm_card_visa"
    statement, deaths = 1, 0
    while statement < MOST:
        person = make_person(f"ada-{statement}@example.com", credits="100")
        fleet = set_up(person, shop, card)
        fleet.spend("60")
        before = fleet.charged()
        died = _work(statement)
        deaths += died
        # Another worker: without a doorbell it finds what is left in the rows.
        OrmQ.objects.all().delete()
        tasks.top_up()
        fleet.sweep()
        fleet.sweep()
        top_up = TopUp.objects.get(workspace=person.workspace)
        assert top_up.state == ("failed" if fails else "paid"), statement
        taken = fleet.charged() - before
        assert (taken, balance(person)) == ((0, 40) if fails else (1800, 140)), statement
        _stop(fleet)
        if not died:
            break
        statement += 1
    assert deaths > 20
    assert ledger.check().violations == []


def _work(statement: int) -> bool:
    """Begin and charge; whether it was killed on the way."""
    try:
        with killed_before(statement):
            due.begin_all()
            for top_up in TopUp.objects.filter(state="charging"):
                tasks.charge_top_up(top_up.pk)
    except Killed:
        return True
    return False


def _stop(fleet: Fleet) -> None:
    fleet.person.browser.post("/credits/top-up/off/")
    OrmQ.objects.all().delete()
