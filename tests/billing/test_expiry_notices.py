"""A mail before credits expire, once for each lot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone

from billing import credits, expiry_notices
from billing.amounts import to_micro
from kling_saas.schedules import SCHEDULES
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


def give(person: Person, amount: int, *, days: int) -> None:
    with transaction.atomic():
        credits.grant(
            workspace=person.workspace,
            amount=to_micro(amount),
            key=f"bonus:{days}:{amount}",
            kind="grant",
            expires_at=timezone.now() + days * DAY,
        )


def day(number: float) -> Any:
    return time_machine.travel(timezone.now() + number * DAY, tick=False)


def test_managers_are_told_a_week_before_and_once(ada: Person, charlie: Person) -> None:
    give(ada, 30, days=20)
    with day(12):
        assert expiry_notices.run() == 0
    with day(13.5):
        assert expiry_notices.run() == 1
        assert expiry_notices.run() == 0
        assert "30 credits expire" in ada.browser.get("/credits/").content.decode()
    (sent,) = mail.outbox
    assert sent.to == ["ada@example.com"]
    assert sent.subject == "30 credits of Ada expire soon"
    expires = timezone.now() + 20 * DAY
    assert f"- 30 on {expires.day} {expires:%B %Y}" in str(sent.body)


def test_what_expires_in_the_same_week_is_one_mail(ada: Person) -> None:
    give(ada, 30, days=20)
    give(ada, 5, days=22)
    give(ada, 7, days=40)
    with day(17):
        assert expiry_notices.run() == 1
    with day(35):
        assert expiry_notices.run() == 1
    assert [one.subject.split()[0] for one in mail.outbox] == ["35", "7"]


def test_what_is_spent_is_not_told_of(ada: Person) -> None:
    give(ada, 30, days=20)
    with transaction.atomic():
        hold = credits.hold(workspace=ada.workspace, amount=to_micro(30), key="job")
        credits.settle(hold=hold, amount=to_micro(30))
    with day(14):
        assert expiry_notices.run() == 0


def test_who_got_them_for_less_than_a_week_knew_it_then(ada: Person) -> None:
    give(ada, 30, days=5)
    assert expiry_notices.run() == 0


def test_a_mail_server_that_is_down_is_tried_again(ada: Person, settings: Any) -> None:
    give(ada, 30, days=20)
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.broken_mail.Refuses"
    with day(14):
        assert expiry_notices.run() == 0
        settings.EMAIL_BACKEND = working
        assert expiry_notices.run() == 1
    assert len(mail.outbox) == 1


def test_it_runs_by_itself() -> None:
    assert "billing.expiry_notices.run" in SCHEDULES
