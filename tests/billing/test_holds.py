"""Holds: credits set aside, then charged, released, refunded; and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from accounts.models import Workspace
from billing import credits as money
from billing.amounts import to_micro
from billing.models import Entry, Hold

pytestmark = pytest.mark.usefixtures("proven_ledger")
SIX = to_micro("6")


@pytest.fixture
def funded(workspace: Workspace) -> Workspace:
    money.grant(workspace=workspace, amount=to_micro("10"), key="welcome", kind="grant")
    return workspace


def numbers(workspace: Workspace) -> tuple[int, int, int]:
    now = money.balance(workspace)
    return now.balance // to_micro(1), now.held // to_micro(1), now.available // to_micro(1)


def test_it_has_nothing_at_first(workspace: Workspace) -> None:
    assert numbers(workspace) == (0, 0, 0)


def test_it_sets_credits_aside(funded: Workspace) -> None:
    money.hold(workspace=funded, amount=SIX, key="job:1")
    assert numbers(funded) == (10, 6, 4)


def test_it_gives_the_same_hold_for_the_same_key(funded: Workspace) -> None:
    first = money.hold(workspace=funded, amount=SIX, key="job:1")
    again = money.hold(workspace=funded, amount=SIX, key="job:1")
    assert again == first
    assert numbers(funded) == (10, 6, 4)


def test_it_refuses_the_same_key_for_another_amount(funded: Workspace) -> None:
    money.hold(workspace=funded, amount=SIX, key="job:1")
    with pytest.raises(money.KeyReused):
        money.hold(workspace=funded, amount=1, key="job:1")
    assert numbers(funded) == (10, 6, 4)


def test_it_refuses_the_same_key_of_another_workspace(
    funded: Workspace, stranger: Workspace
) -> None:
    money.grant(workspace=stranger, amount=SIX, key="other", kind="grant")
    money.hold(workspace=funded, amount=SIX, key="job:1")
    with pytest.raises(money.KeyReused):
        money.hold(workspace=stranger, amount=SIX, key="job:1")
    assert numbers(stranger) == (6, 0, 6)


def test_it_refuses_what_is_not_there(funded: Workspace) -> None:
    money.hold(workspace=funded, amount=SIX, key="job:1")
    with pytest.raises(money.InsufficientCredits) as refused:
        money.hold(workspace=funded, amount=SIX, key="job:2")
    assert (refused.value.needed, refused.value.available) == (SIX, to_micro("4"))
    assert Hold.objects.count() == 1


@pytest.mark.parametrize("amount", [-1, 2**53 + 1])
def test_it_refuses_an_absurd_hold(funded: Workspace, amount: int) -> None:
    with pytest.raises(ValueError):
        money.hold(workspace=funded, amount=amount, key="job:1")


def test_it_holds_nothing_for_a_free_job(workspace: Workspace) -> None:
    free = money.hold(workspace=workspace, amount=0, key="job:1")
    assert money.settle(hold=free, amount=0) == 0
    assert numbers(workspace) == (0, 0, 0)


def test_it_charges_less_than_held(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    assert money.settle(hold=hold, amount=to_micro("2")) == to_micro("2")
    assert numbers(funded) == (8, 0, 8)
    entry = Entry.objects.get(kind="capture")
    assert (entry.amount, entry.balance_after, entry.hold) == (-to_micro(2), to_micro(8), hold)


def test_it_charges_at_most_what_is_held(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    assert money.settle(hold=hold, amount=to_micro("9")) == SIX
    assert numbers(funded) == (4, 0, 4)


def test_it_charges_the_last_credit(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=to_micro("10"), key="job:1")
    assert money.settle(hold=hold, amount=to_micro("10")) == to_micro("10")
    assert numbers(funded) == (0, 0, 0)


def test_it_charges_nothing_for_zero(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    assert money.settle(hold=hold, amount=0) == 0
    assert numbers(funded) == (10, 0, 10)
    assert not hold.entries.exists()


def test_it_charges_once_for_the_same_result(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    stale = Hold.objects.get(pk=hold.pk)
    money.settle(hold=hold, amount=SIX)
    assert money.settle(hold=stale, amount=SIX) == SIX
    assert numbers(funded) == (4, 0, 4)


def test_a_second_result_is_an_adjustment(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    money.settle(hold=hold, amount=SIX)
    assert money.settle(hold=hold, amount=to_micro("2")) == to_micro("2")
    assert numbers(funded) == (8, 0, 8)
    assert [entry.kind for entry in hold.entries.order_by("seq")] == ["capture", "adjustment"]


def test_it_refuses_to_release_what_was_charged(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    money.settle(hold=hold, amount=SIX)
    with pytest.raises(money.AlreadySettled):
        money.release(hold=hold, reason="too late")
    assert numbers(funded) == (4, 0, 4)


def test_it_refuses_a_negative_charge(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    with pytest.raises(ValueError):
        money.settle(hold=hold, amount=-1)
    assert numbers(funded) == (10, 6, 4)


def test_it_releases_a_hold_once(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    money.release(hold=hold, reason="canceled")
    money.release(hold=hold, reason="canceled again")
    hold.refresh_from_db()
    assert (hold.state, hold.reason) == ("released", "canceled")
    assert numbers(funded) == (10, 0, 10)


def test_a_released_hold_is_charged_by_an_adjustment_of_what_is_free(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    money.release(hold=hold, reason="canceled")
    money.hold(workspace=funded, amount=to_micro("7"), key="job:2")
    assert money.settle(hold=hold, amount=SIX) == to_micro("3")
    assert numbers(funded) == (7, 7, 0)
    assert [entry.kind for entry in hold.entries.all()] == ["adjustment"]


def test_it_refunds_what_was_charged(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    money.settle(hold=hold, amount=SIX)
    first = money.refund(hold=hold, amount=to_micro("4"), key="refund:1", reason="lost")
    again = money.refund(hold=hold, amount=to_micro("4"), key="refund:1", reason="lost")
    assert again == first
    assert numbers(funded) == (8, 0, 8)


def test_it_refuses_to_refund_more_than_was_charged(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    with pytest.raises(money.RefundTooLarge):
        money.refund(hold=hold, amount=1, key="refund:0", reason="not charged yet")
    money.settle(hold=hold, amount=SIX)
    money.refund(hold=hold, amount=to_micro("4"), key="refund:1", reason="lost")
    with pytest.raises(money.RefundTooLarge) as refused:
        money.refund(hold=hold, amount=to_micro("3"), key="refund:2", reason="lost")
    assert refused.value.left == to_micro("2")
    assert numbers(funded) == (8, 0, 8)


def test_it_grants_once_for_a_key(funded: Workspace) -> None:
    money.grant(workspace=funded, amount=to_micro("10"), key="welcome", kind="grant")
    assert numbers(funded) == (10, 0, 10)
    with pytest.raises(money.KeyReused):
        money.grant(workspace=funded, amount=to_micro("11"), key="welcome", kind="grant")


@pytest.mark.parametrize(("amount", "kind"), [(0, "grant"), (-5, "grant"), (5, "capture")])
def test_it_refuses_a_wrong_grant(workspace: Workspace, amount: int, kind: str) -> None:
    with pytest.raises(ValueError):
        money.grant(workspace=workspace, amount=amount, key="x", kind=kind)


def test_it_adjusts_down_but_not_into_what_is_held(funded: Workspace) -> None:
    money.hold(workspace=funded, amount=SIX, key="job:1")
    money.adjust(workspace=funded, amount=-to_micro("4"), key="fix:1", reason="slip")
    assert numbers(funded) == (6, 6, 0)
    with pytest.raises(money.InsufficientCredits):
        money.adjust(workspace=funded, amount=-1, key="fix:2", reason="slip")


def test_it_numbers_the_entries_of_an_account(funded: Workspace) -> None:
    hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    money.settle(hold=hold, amount=SIX)
    money.grant(workspace=funded, amount=to_micro(1), key="gift", kind="grant")
    rows = Entry.objects.order_by("seq").values_list("seq", "balance_after")
    assert [(seq, after // to_micro(1)) for seq, after in rows] == [(1, 10), (2, 4), (3, 5)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "move",
    [
        lambda ws, hold: money.grant(workspace=ws, amount=1, key="g", kind="grant"),
        lambda ws, hold: money.hold(workspace=ws, amount=1, key="h"),
        lambda ws, hold: money.settle(hold=hold, amount=1),
        lambda ws, hold: money.release(hold=hold, reason="r"),
        lambda ws, hold: money.refund(hold=hold, amount=1, key="r", reason="r"),
        lambda ws, hold: money.adjust(workspace=ws, amount=1, key="a", reason="r"),
    ],
)
def test_it_refuses_to_run_outside_a_transaction(
    workspace: Workspace, move: Callable[[Workspace, Hold], object]
) -> None:
    with transaction.atomic():
        money.grant(workspace=workspace, amount=SIX, key="welcome", kind="grant")
        hold = money.hold(workspace=workspace, amount=SIX, key="job:1")
    with pytest.raises(TransactionManagementError):
        move(workspace, hold)
    assert numbers(workspace) == (6, 6, 0)


def test_a_hold_takes_two_statements_and_its_charge_three(
    funded: Workspace, django_assert_num_queries: Any
) -> None:
    """All jobs of a workspace wait for its account's row: what is needless is felt there."""
    with django_assert_num_queries(2):
        hold = money.hold(workspace=funded, amount=SIX, key="job:1")
    with django_assert_num_queries(3):
        money.settle(hold=hold, amount=SIX)


@pytest.mark.race
def test_a_hold_costs_no_more_with_many_open_ones(funded: Workspace) -> None:
    for number in range(400):
        money.hold(workspace=funded, amount=1, key=f"job:{number}")
    before = holds_read()
    money.hold(workspace=funded, amount=1, key="one more")
    assert holds_read() - before < 10


def holds_read() -> int:
    """Rows of holds that this transaction has read, also for triggers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables "
            "WHERE relname = 'billing_hold'"
        )
        return int(cursor.fetchone()[0])
