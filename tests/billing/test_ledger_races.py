"""Movements against each other, with real threads; and controls without the lock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.models import Workspace
from billing import credits, ledger
from billing.amounts import to_micro
from billing.credits.posting import LockedAccount, Movement
from billing.models import CreditAccount, Entry, Hold, Lot
from tests.billing.test_races import kinds, together

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ONE = to_micro(1)
ROUNDS = 10


@pytest.fixture(autouse=True)
def _ledger_stays_proven(transactional_db: None) -> Iterator[None]:
    yield
    wrong = [v for v in ledger.check().violations if "order" not in v["rule"]]
    assert wrong == []


def give(workspace: Workspace, many: int, key: str, *, days: int | None = None) -> None:
    expires_at = None if days is None else timezone.now() + timedelta(days=days)
    with transaction.atomic():
        credits.grant(
            workspace=workspace, amount=many * ONE, key=key, kind="purchase", expires_at=expires_at
        )


def take(workspace: Workspace, many: int, key: str) -> Hold:
    with transaction.atomic():
        return credits.hold(workspace=workspace, amount=many * ONE, key=key)


def stale(workspace: Workspace) -> LockedAccount:
    """The account as one sees it who does not take its row."""
    row = CreditAccount.objects.get(workspace=workspace)
    return LockedAccount(row.pk, row.balance, row.held, row.debt, row.frozen, row.last_seq)


def post(account: LockedAccount, movement: Movement) -> Entry:
    with transaction.atomic():
        return account.post(movement)


def test_fifty_want_the_last_credit(workspace: Workspace) -> None:
    give(workspace, 1, "order")
    results = together(
        [lambda n=n: take(workspace, 1, f"job:{n}") for n in range(50)]  # type: ignore[misc]
    )
    assert kinds(results) == {"Hold": 1, "InsufficientCredits": 49}


def test_a_settlement_and_a_claw_back_come_to_the_same_in_any_order(workspace: Workspace) -> None:
    for number in range(ROUNDS):
        give(workspace, 5, f"order:{number}")
        hold = take(workspace, 3, f"job:{number}")

        def settle(hold: Hold = hold) -> int:
            with transaction.atomic():
                return credits.settle(hold=Hold.objects.get(pk=hold.pk), amount=ONE)

        def claw_back(number: int = number) -> credits.ClawBack:
            with transaction.atomic():
                return credits.claw_back(
                    workspace=workspace,
                    amount=5 * ONE,
                    key=f"refund:{number}",
                    note="",
                    lot_key=f"order:{number}",
                )

        assert kinds(together([settle, claw_back])) == {"ClawBack": 1, "int": 1}
        now = credits.balance(workspace)
        assert (now.balance, now.held, now.debt) == (0, 0, ONE)
        with transaction.atomic():
            credits.forgive(workspace=workspace, key=f"forgive:{number}", note="")


def test_without_the_lock_both_would_take_what_one_leaves(workspace: Workspace) -> None:
    """The control: a charge and a claw-back that decided on the same numbers."""
    give(workspace, 5, "order")
    granted = Entry.objects.get()
    looked = threading.Barrier(2)

    def move(kind: str, reverses: int | None) -> Entry:
        account = stale(workspace)
        looked.wait(timeout=20)
        return post(account, Movement(-5 * ONE, kind, kind, reverses_id=reverses))

    results = together([lambda: move("adjustment", None), lambda: move("claw_back", granted.pk)])
    assert kinds(results) == {"Entry": 1, "IntegrityError": 1}


def test_without_the_lock_a_hold_would_close_twice(workspace: Workspace) -> None:
    """The control of settle against release: both have seen the hold open."""
    give(workspace, 5, "order")
    hold = take(workspace, 5, "job")
    looked = threading.Barrier(2)

    def close(state: str, captured: int) -> int:
        row = Hold.objects.get(pk=hold.pk)
        assert row.state == "open"
        looked.wait(timeout=20)
        with transaction.atomic():
            row.state, row.captured, row.closed_at = state, captured, timezone.now()
            row.save()
            if captured:
                stale(workspace).post(Movement(-captured, "capture", "c", hold_id=row.pk))
        return captured

    results = together([lambda: close("captured", ONE), lambda: close("released", 0)])
    assert kinds(results) == {"IntegrityError": 1, "int": 1}


def test_no_hold_opens_on_what_expires_at_that_moment(workspace: Workspace) -> None:
    give(workspace, 5, "month", days=30)
    give(workspace, 5, "order")
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=True):
        holds = [lambda n=n: take(workspace, 1, f"job:{n}") for n in range(12)]  # type: ignore[misc]
        results = together([*holds, *[credits.expire] * 4])
    counts = kinds(results)
    assert (counts["Hold"], counts["InsufficientCredits"]) == (5, 7)
    assert Entry.objects.filter(kind="expiry").count() == 1
    assert credits.balance(workspace).balance == 5 * ONE


def test_without_the_lock_a_hold_would_open_on_it(workspace: Workspace) -> None:
    """The control: expiry and hold have both seen ten credits free."""
    give(workspace, 5, "month", days=30)
    give(workspace, 5, "order")
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=True):
        looked = threading.Barrier(2)

        def expire() -> Entry:
            account = stale(workspace)
            looked.wait(timeout=20)
            return post(account, Movement(-5 * ONE, "expiry", "expiry"))

        def hold() -> Hold:
            account = stale(workspace)
            assert account.available == 10 * ONE
            looked.wait(timeout=20)
            with transaction.atomic():
                return Hold.objects.create(account_id=account.id, reference="j", amount=10 * ONE)

        results = kinds(together([expire, hold]))
    assert results in ({"Entry": 1, "IntegrityError": 1}, {"Hold": 1, "IntegrityError": 1})
    assert Lot.objects.count() == 2
