"""Credits that run low: told once per crossing, by mail and by webhook."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, Role, User, Workspace
from billing import alarms, credits, low_balance
from billing.amounts import to_micro
from billing.models import BalanceWatch
from tests.accounts.conftest import join
from tests.conftest import Person, make_person
from tests.waiting import wait_until
from tests.webhooks.receiver import running
from tests.working import call
from webhooks.models import Message

pytestmark = pytest.mark.django_db
WATCH = ("billing.tasks.watch_balances", ())


@pytest.fixture(autouse=True)
def _threshold(settings: Any) -> None:
    settings.LOW_BALANCE = to_micro("10")


def spend(person: Person, amount: str, key: str) -> credits.Hold:
    with transaction.atomic():
        return credits.hold(workspace=person.workspace, amount=to_micro(amount), key=key)


def give(person: Person, amount: str, key: str) -> None:
    with transaction.atomic():
        credits.grant(workspace=person.workspace, amount=to_micro(amount), key=key, kind="grant")


def warned() -> list[str]:
    """Work, and say who has got a mail since."""
    before = len(mail.outbox)
    call(*WATCH)
    call(*WATCH)
    return [to for sent in mail.outbox[before:] for to in sent.to]


def is_due() -> bool:
    """Whether the clock would ring, once it looks."""
    wait_until(lambda: alarms.due() or not low_balance.is_due(), seconds=5)
    return low_balance.is_due()


def test_managers_are_told_once(ada: Person) -> None:
    join(ada, Role.ADMIN)
    join(ada, Role.MEMBER, "eve@example.com")
    spend(ada, "90", "first")
    assert not is_due()
    spend(ada, "0.5", "second")
    assert is_due()
    assert sorted(warned()) == ["ada@example.com", "bob@example.com"]
    assert "9.5 credits are left in Ada" in mail.outbox[0].subject
    assert "fewer than the 10" in mail.outbox[0].body
    spend(ada, "5", "third")
    assert warned() == []
    assert not is_due()


def test_the_clock_rings_it(ada: Person) -> None:
    spend(ada, "95", "job")
    wait_until(lambda: WATCH in alarms.due(), seconds=5)


def test_programs_are_told(ada: Person) -> None:
    with running() as receiver:
        body = {"url": receiver.url, "events": ["credits.low"]}
        assert ada.api.post("/webhook-endpoints", body).status_code == 201
        spend(ada, "95", "job")
        call(*WATCH)
        call(*WATCH)
    message = Message.objects.get()
    assert message.type == "credits.low"
    assert '"data":{"balance":"100","held":"95","available":"5","threshold":"10"}' in message.body


def test_it_is_told_again_after_there_was_enough(ada: Person) -> None:
    hold = spend(ada, "95", "first")
    assert warned() == ["ada@example.com"]
    with transaction.atomic():
        credits.release(hold=hold, reason="failed")
    assert is_due()
    assert warned() == []
    spend(ada, "95", "second")
    assert warned() == ["ada@example.com"]


def test_more_credits_that_are_not_enough_tell_nobody(ada: Person) -> None:
    spend(ada, "95", "first")
    assert warned() == ["ada@example.com"]
    give(ada, "4", "gift")
    spend(ada, "4", "second")
    assert warned() == []


def test_who_never_had_that_much_is_not_told(db: None) -> None:
    make_person("new@example.com", credits="0")
    poor = make_person("poor@example.com", credits="5")
    spend(poor, "1", "job")
    assert warned() == []
    assert not is_due()


def test_a_workspace_chooses_its_own_number(ada: Person, charlie: Person) -> None:
    page = ada.browser.get("/settings/spending").content.decode()
    assert "Empty: below 10. 0: never." in page
    answer = ada.browser.post("/settings/spending/low-balance", {"below": "50"})
    assert answer.status_code == 302
    for person in (ada, charlie):
        spend(person, "60", person.user.email)
    assert warned() == ["ada@example.com"]
    event = AuditEvent.objects.get(action="low_balance.changed")
    assert (event.user, event.detail) == (ada.user, {"after": to_micro("50")})
    assert 'value="50"' in ada.browser.get("/settings/spending").content.decode()


def test_it_says_nothing_about_what_was_low_before(ada: Person) -> None:
    spend(ada, "60", "job")
    ada.browser.post("/settings/spending/low-balance", {"below": "50"})
    assert warned() == []
    give(ada, "20", "gift")
    call(*WATCH)
    spend(ada, "20", "another")
    assert warned() == ["ada@example.com"]


@pytest.mark.parametrize("default", [True, False])
def test_nothing_is_never(ada: Person, settings: Any, default: bool) -> None:
    if default:
        settings.LOW_BALANCE = 0
    else:
        ada.browser.post("/settings/spending/low-balance", {"below": "0"})
    spend(ada, "100", "job")
    assert warned() == []


def test_a_mail_server_that_is_down_is_asked_again(ada: Person, settings: Any) -> None:
    spend(ada, "95", "job")
    settings.EMAIL_BACKEND = "tests.broken_mail.Refuses"
    call(*WATCH)
    assert not is_due()  # not at once
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    BalanceWatch.objects.update(mail_due_at=timezone.now())
    assert warned() == ["ada@example.com"]


def test_a_worker_that_dies_while_mailing_leaves_it_due(ada: Person, settings: Any) -> None:
    spend(ada, "95", "job")
    settings.EMAIL_BACKEND = "tests.broken_mail.Dies"
    with pytest.raises(SystemExit):
        call(*WATCH)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    BalanceWatch.objects.update(mail_due_at=timezone.now())
    assert warned() == ["ada@example.com"]


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_only_admins_choose(ada: Person, role: Role) -> None:
    bob = join(ada, role)
    assert bob.post("/settings/spending/low-balance", {"below": "1"}).status_code == 403
    assert not BalanceWatch.objects.exists()


def test_it_refuses_what_is_no_amount(ada: Person) -> None:
    answer = ada.browser.post("/settings/spending/low-balance", {"below": "-3"})
    assert answer.status_code == 422
    assert 'id="id_below_error"' in answer.content.decode()


def test_the_operator_sees_who_is_low(ada: Person) -> None:
    spend(ada, "95", "job")
    call(*WATCH)
    operator = Client()
    operator.force_login(User.objects.create_superuser("op@example.com", "a-long-passphrase"))
    page = operator.get("/admin/billing/balancewatch/").content.decode()
    assert Workspace.objects.get(pk=ada.workspace.pk).name in page
