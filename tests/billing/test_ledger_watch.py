"""The scheduled proof of the ledger: the operator hears of each violation once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client

from accounts.models import User, Workspace
from billing import credits, guards, ledger_watch
from billing.amounts import to_micro
from billing.models import LedgerAlarm
from kling_saas.schedules import SCHEDULES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def broken(workspace: Workspace, settings: Any) -> Workspace:
    settings.OPERATOR_EMAILS = ["operator@example.com"]
    with transaction.atomic():
        credits.grant(workspace=workspace, amount=to_micro(10), key="gift", kind="grant")
    change(balance=1)
    return workspace


def change(balance: int) -> None:
    """Beside the product, as somebody with a database shell might."""
    with guards.suspended(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_creditaccount SET balance = balance + %s", [balance])


def test_it_tells_the_operator_once() -> None:
    assert ledger_watch.run() > 0
    (told,) = mail.outbox
    assert told.to == ["operator@example.com"]
    assert "account: the balance is the sum of its entries" in told.body
    ledger_watch.run()
    assert len(mail.outbox) == 1


def test_it_tells_again_of_what_breaks_again() -> None:
    ledger_watch.run()
    change(balance=-1)
    assert ledger_watch.run() == 0
    assert not ledger_watch.open_alarms().exists()
    assert len(mail.outbox) == 1
    change(balance=1)
    ledger_watch.run()
    assert len(mail.outbox) == 2


def test_it_tells_later_what_the_mail_server_did_not_take(settings: Any) -> None:
    taking = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    ledger_watch.run()
    assert not LedgerAlarm.objects.exclude(told_at=None).exists()
    settings.EMAIL_BACKEND = taking
    ledger_watch.run()
    assert len(mail.outbox) == 1


def test_the_admin_shows_it(client: Client) -> None:
    root = User.objects.create_superuser("root@example.com", "A long passphrase 4 root")
    client.force_login(root)
    assert "The credit ledger breaks" not in client.get("/admin/").content.decode()
    ledger_watch.run()
    assert "The credit ledger breaks" in client.get("/admin/").content.decode()
    page = client.get("/admin/billing/ledgeralarm/").content.decode()
    assert "the balance is the sum of its entries" in page


def test_it_is_on_the_schedule() -> None:
    assert {"billing.ledger_watch.run", "billing.credits.expire"} <= set(SCHEDULES)
