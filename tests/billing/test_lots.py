"""Lots: in which order credits are spent, when they expire, and what is owed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts.models import Plan, Workspace
from billing import credits, ledger
from billing.amounts import to_micro
from billing.credits.movements import EXPIRE_SIZE
from billing.models import CreditAccount, Entry, Lot

ONE = to_micro(1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _ledger_stays_proven(db: None) -> Iterator[None]:
    yield
    # The purchases here have no orders.
    wrong = [v for v in ledger.check().violations if "order" not in v["rule"]]
    assert wrong == []


def give(
    workspace: Workspace, many: int, key: str, kind: str = "grant", days: int | None = None
) -> Entry:
    expires_at = None if days is None else timezone.now() + days * DAY
    return credits.grant(
        workspace=workspace, amount=many * ONE, key=key, kind=kind, expires_at=expires_at
    )


def spend(workspace: Workspace, many: int, key: str) -> None:
    hold = credits.hold(workspace=workspace, amount=many * ONE, key=key)
    credits.settle(hold=hold, amount=many * ONE)


def left() -> dict[str, int]:
    lots = Lot.objects.filter(remaining__gt=0).order_by("pk")
    return {lot.entry.key: lot.remaining // ONE for lot in lots.select_related("entry")}


def state(workspace: Workspace) -> tuple[int, int, int]:
    now = credits.balance(workspace)
    return now.balance // ONE, now.held // ONE, now.debt // ONE


def test_it_spends_what_expires_first_and_what_was_given_before_what_was_bought(
    workspace: Workspace,
) -> None:
    give(workspace, 2, "bought", "purchase")
    give(workspace, 2, "given")
    give(workspace, 2, "month", "subscription", days=30)
    give(workspace, 2, "week", days=7)
    order = []
    for number in range(8):
        before = left()
        spend(workspace, 1, f"job:{number}")
        order += [key for key in before if before[key] != left().get(key, 0)]
    assert order == ["week", "week", "month", "month", "given", "given", "bought", "bought"]


def test_one_charge_takes_from_several_lots(workspace: Workspace) -> None:
    give(workspace, 2, "a")
    give(workspace, 3, "b")
    spend(workspace, 4, "job")
    assert left() == {"b": 1}
    entry = Entry.objects.get(kind="capture")
    assert [draw.amount // ONE for draw in entry.draws.all()] == [2, 2]


def test_it_expires_on_touch(workspace: Workspace) -> None:
    give(workspace, 5, "week", days=7)
    give(workspace, 1, "given")
    with time_machine.travel(timezone.now() + 8 * DAY, tick=False):
        with pytest.raises(credits.InsufficientCredits) as refused, transaction.atomic():
            credits.hold(workspace=workspace, amount=2 * ONE, key="job")
        assert refused.value.available == ONE
        credits.hold(workspace=workspace, amount=ONE, key="job")
        assert state(workspace) == (1, 1, 0)
    assert Entry.objects.get(kind="expiry").amount == -5 * ONE


def test_it_expires_on_a_schedule_and_once(workspace: Workspace) -> None:
    give(workspace, 5, "week", days=7)
    assert credits.expire() == 0
    with time_machine.travel(timezone.now() + 8 * DAY, tick=False):
        assert credits.expire() == 1
        assert credits.expire() == 0
    assert state(workspace) == (0, 0, 0)


def test_what_expired_first_goes_first_until_nothing_is_left(db: None) -> None:
    plan = Plan.objects.get(slug="unlimited")
    for number in range(EXPIRE_SIZE + 5):
        one = Workspace.objects.create(name=f"Studio {number}", plan=plan)
        give(one, 5, f"lot:{number}", days=(number * 7) % 20 + 1)
    with time_machine.travel(timezone.now() + 30 * DAY, tick=False):
        assert credits.expire(seconds=0) == EXPIRE_SIZE
        late = Lot.objects.filter(remaining=0).aggregate(latest=Max("expires_at"))["latest"]
        assert not Lot.objects.filter(remaining__gt=0, expires_at__lt=late).exists()
        assert credits.expire() == 5
    assert not Lot.objects.filter(remaining__gt=0).exists()


def test_those_who_hold_what_has_expired_keep_nobody_waiting(workspace: Workspace) -> None:
    give(workspace, 5, "held", days=1)
    credits.hold(workspace=workspace, amount=5 * ONE, key="job")
    with time_machine.travel(timezone.now() + 8 * DAY, tick=False):
        assert credits.expire() == 0
    assert left() == {"held": 5}


def test_what_a_job_holds_does_not_expire_under_it(workspace: Workspace) -> None:
    give(workspace, 5, "week", days=7)
    give(workspace, 5, "bought", "purchase")
    hold = credits.hold(workspace=workspace, amount=3 * ONE, key="job")
    with time_machine.travel(timezone.now() + 8 * DAY, tick=False):
        credits.expire()
        assert left() == {"week": 3, "bought": 5}
        credits.settle(hold=hold, amount=2 * ONE)
        assert left() == {"week": 1, "bought": 5}
        credits.expire()
    assert left() == {"bought": 5}


def test_it_takes_back_from_the_lot_that_was_paid_first(workspace: Workspace) -> None:
    give(workspace, 5, "given")
    give(workspace, 5, "order:1", "purchase")
    give(workspace, 5, "order:2", "purchase")
    back = credits.claw_back(
        workspace=workspace, amount=4 * ONE, key="refund:1", note="Refunded", lot_key="order:2"
    )
    assert (back.taken, back.shortfall) == (4 * ONE, 0)
    assert left() == {"given": 5, "order:1": 5, "order:2": 1}


def test_what_was_spent_is_owed_and_the_next_credits_repay_it(workspace: Workspace) -> None:
    give(workspace, 10, "order:1", "purchase")
    spend(workspace, 6, "job:1")
    hold = credits.hold(workspace=workspace, amount=ONE, key="job:2")
    back = credits.claw_back(
        workspace=workspace, amount=10 * ONE, key="refund:1", note="Refunded", lot_key="order:1"
    )
    assert (back.taken, back.shortfall) == (3 * ONE, 7 * ONE)
    assert state(workspace) == (1, 1, 7)
    with pytest.raises(credits.InDebt):
        credits.hold(workspace=workspace, amount=0, key="job:3")
    credits.release(hold=hold, reason="failed")
    assert state(workspace) == (0, 0, 6)
    give(workspace, 10, "order:2", "purchase")
    assert state(workspace) == (4, 0, 0)
    kinds = list(Entry.objects.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["purchase", "capture", "claw_back", "repayment", "purchase", "repayment"]


def test_a_claw_back_is_posted_once(workspace: Workspace) -> None:
    give(workspace, 5, "order:1", "purchase")
    spend(workspace, 3, "job:1")
    wanted = {"workspace": workspace, "key": "refund:1", "note": "", "lot_key": "order:1"}
    first = credits.claw_back(amount=5 * ONE, **wanted)  # type: ignore[arg-type]
    again = credits.claw_back(amount=5 * ONE, **wanted)  # type: ignore[arg-type]
    assert again == first == (2 * ONE, 3 * ONE)
    with pytest.raises(credits.KeyReused):
        credits.claw_back(amount=4 * ONE, **wanted)  # type: ignore[arg-type]


def test_it_takes_back_only_what_was_granted(workspace: Workspace, stranger: Workspace) -> None:
    give(stranger, 5, "order:1", "purchase")
    with pytest.raises(credits.UnknownGrant):
        credits.claw_back(
            workspace=workspace, amount=ONE, key="refund:1", note="", lot_key="order:1"
        )


def test_a_claw_back_that_was_wrong_is_made_good(workspace: Workspace) -> None:
    give(workspace, 5, "order:1", "purchase")
    spend(workspace, 3, "job:1")
    credits.claw_back(
        workspace=workspace, amount=5 * ONE, key="dispute", note="", lot_key="order:1"
    )
    for _ in range(2):
        credits.restore(workspace=workspace, amount=5 * ONE, key="won", note="Dispute won")
    assert state(workspace) == (2, 0, 0)


def test_the_operator_may_forgive_a_debt(workspace: Workspace) -> None:
    give(workspace, 5, "order:1", "purchase")
    spend(workspace, 5, "job:1")
    credits.claw_back(workspace=workspace, amount=5 * ONE, key="refund", note="", lot_key="order:1")
    entry = credits.forgive(workspace=workspace, key="forgive:1", note="A good customer")
    assert entry is not None
    assert (entry.amount, entry.debt, entry.debt_after) == (0, -5 * ONE, 0)
    assert credits.forgive(workspace=workspace, key="forgive:1", note="again") == entry
    assert credits.forgive(workspace=workspace, key="forgive:2", note="nothing left") is None


def test_a_frozen_account_starts_nothing_but_ends_what_runs(workspace: Workspace) -> None:
    give(workspace, 5, "gift")
    hold = credits.hold(workspace=workspace, amount=ONE, key="job:1")
    credits.freeze(workspace=workspace, reason="A payment is disputed")
    with pytest.raises(credits.AccountFrozen, match="A payment is disputed"):
        credits.hold(workspace=workspace, amount=ONE, key="job:2")
    credits.settle(hold=hold, amount=ONE)
    credits.unfreeze(workspace=workspace)
    credits.hold(workspace=workspace, amount=ONE, key="job:2")
    assert CreditAccount.objects.get().frozen == ""
