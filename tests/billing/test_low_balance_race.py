"""Two workers that see one crossing. The control shows what happens when both believe it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from billing import low_balance, watches
from billing.amounts import to_micro
from billing.models import BalanceWatch
from billing.watches import Kind
from tests.billing.test_low_balance import spend
from tests.billing.test_races import together
from tests.conftest import Person
from webhooks.models import Message
from webhooks.outbox import announce

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
WORKERS = 6


@pytest.fixture
def listening(ada: Person) -> None:
    body = {"url": "http://127.0.0.1:9/", "events": ["credits.low"]}
    assert ada.api.post("/webhook-endpoints", body).status_code == 201


@pytest.mark.parametrize("is_known", [False, True], ids=["first crossing", "later crossing"])
@pytest.mark.usefixtures("listening")
def test_workers_at_once_tell_once(ada: Person, settings: Any, is_known: bool) -> None:
    settings.LOW_BALANCE = to_micro("10")
    if is_known:
        watches.set_threshold(ada.workspace, Kind.LOW, threshold=None)
    spend(ada, "95", "job")
    assert sum(map(int, map(str, together([low_balance.run] * WORKERS)))) == 1
    assert Message.objects.filter(type="credits.low").count() == 1
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("listening")
def test_who_looks_before_taking_tells_twice(ada: Person) -> None:
    """The control: both see an armed watch, and neither asks the row again."""
    watches.set_threshold(ada.workspace, Kind.LOW, threshold=None)
    spend(ada, "95", "job")
    looked = threading.Barrier(2)

    def tell() -> None:
        assert watches.crossed(Kind.LOW, default=to_micro("10")).exists()
        looked.wait(timeout=20)
        with transaction.atomic():
            BalanceWatch.objects.update(mail_due_at=None)
            announce(workspace=ada.workspace, type="credits.low", data={})

    assert together([tell] * 2) == [None, None]
    assert Message.objects.filter(type="credits.low").count() == 2
