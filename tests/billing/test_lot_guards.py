"""Attacks by SQL on lots, debts and frozen accounts: both databases refuse them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Workspace
from billing import credits, ledger
from billing.amounts import to_micro
from billing.models import CreditAccount, Entry, Hold, Lot, LotDraw

ONE = to_micro(1)

# Against lots of 10 (6 left, expiring) and 5 (free of expiry), and an entry that drew 4.
ATTACKS = {
    "fill a lot": "UPDATE billing_lot SET remaining = granted",
    "empty a lot": "UPDATE billing_lot SET remaining = 0",
    "draw what was drawn before": "UPDATE billing_lot SET remaining = remaining - 4000000",
    "enlarge a lot": "UPDATE billing_lot SET granted = granted + 1",
    "let a lot live longer": "UPDATE billing_lot SET expires_at = NULL",
    "make a lot bought": "UPDATE billing_lot SET source = 'purchase'",
    "give a lot away": "UPDATE billing_lot SET account_id = account_id + 1",
    "delete the lots": "DELETE FROM billing_lot WHERE remaining = granted",
    "forge a lot": (
        "INSERT INTO billing_lot (account_id, entry_id, source, granted, remaining) "
        "SELECT account_id, id, kind, 4000000, 4000000 FROM billing_entry WHERE kind = 'capture'"
    ),
    "make a lot twice": (
        "INSERT INTO billing_lot (account_id, entry_id, source, granted, remaining) "
        "SELECT account_id, entry_id, source, granted, granted FROM billing_lot "
        "WHERE expires_at IS NULL"
    ),
    "shrink a draw": "UPDATE billing_lotdraw SET amount = 1",
    "delete a draw": "DELETE FROM billing_lotdraw",
    "draw beside the entry": (
        "INSERT INTO billing_lotdraw (entry_id, lot_id, amount, remaining_after) "
        "SELECT e.id, l.id, 1000000, l.remaining - 1000000 FROM billing_entry e, billing_lot l "
        "WHERE e.kind = 'capture' AND l.expires_at IS NULL"
    ),
    "draw for an entry that gave": (
        "INSERT INTO billing_lotdraw (entry_id, lot_id, amount, remaining_after) "
        "SELECT l.entry_id, l.id, 1000000, l.remaining - 1000000 FROM billing_lot l "
        "WHERE l.expires_at IS NULL"
    ),
    "forget a debt": "UPDATE billing_creditaccount SET debt = 0",
    "invent a debt": "UPDATE billing_creditaccount SET debt = debt + 1",
    "owe less than nothing": "UPDATE billing_creditaccount SET debt = -1",
    "change an entry's debt": "UPDATE billing_entry SET debt = 1",
}


@pytest.fixture
def account(workspace: Workspace, stranger: Workspace) -> CreditAccount:
    credits.account_of(stranger)
    soon = timezone.now() + timedelta(days=30)
    credits.grant(workspace=workspace, amount=10 * ONE, key="month", kind="grant", expires_at=soon)
    credits.grant(workspace=workspace, amount=5 * ONE, key="gift", kind="grant")
    hold = credits.hold(workspace=workspace, amount=4 * ONE, key="job:1")
    credits.settle(hold=hold, amount=4 * ONE)
    return credits.account_of(workspace)


@pytest.fixture
def indebted(account: CreditAccount) -> CreditAccount:
    credits.claw_back(
        workspace=account.workspace, amount=5 * ONE, key="back:1", note="", lot_key="gift"
    )
    credits.claw_back(
        workspace=account.workspace, amount=10 * ONE, key="back:2", note="", lot_key="month"
    )
    account.refresh_from_db()
    assert (account.balance, account.debt) == (0, 4 * ONE)
    return account


@pytest.fixture(autouse=True)
def _nothing_has_changed(request: pytest.FixtureRequest, account: CreditAccount) -> Iterator[None]:
    if "indebted" in request.fixturenames:
        request.getfixturevalue("indebted")
    before = snapshot()
    yield
    assert snapshot() == before
    assert ledger.check().violations == []


def snapshot() -> list[object]:
    models = (CreditAccount, Hold, Entry, Lot, LotDraw)
    return [list(model.objects.order_by("pk").values()) for model in models]  # type: ignore[attr-defined]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_it_refuses_sql(indebted: CreditAccount, attack: str) -> None:
    refuse(attack)


@pytest.mark.parametrize(
    "attack", [attack for name, attack in ATTACKS.items() if "debt" not in name]
)
def test_it_refuses_sql_while_lots_are_open(account: CreditAccount, attack: str) -> None:
    refuse(attack)


def refuse(attack: str) -> None:
    with connection.cursor() as cursor:
        sid = transaction.savepoint()
        try:
            cursor.execute(attack)
        except IntegrityError:
            transaction.savepoint_rollback(sid)
            return
        # Allowed only where there was no row to change.
        assert cursor.rowcount == 0, "the attack went through"
        transaction.savepoint_commit(sid)


def entry(account: CreditAccount, **fields: object) -> Entry:
    amount, debt = fields.get("amount", 0), fields.get("debt", 0)
    return Entry(
        account_id=account.pk,
        seq=account.last_seq + 1,
        balance_after=account.balance + amount,  # type: ignore[operator]
        debt_after=account.debt + debt,  # type: ignore[operator]
        key="forged",
        **fields,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "expiry", "amount": -ONE},
        {"kind": "claw_back", "amount": -ONE},
        {"kind": "claw_back", "amount": 0, "debt": ONE, "reverses": "gift"},
        {"kind": "claw_back", "amount": -6 * ONE, "reverses": "gift"},
        {"kind": "claw_back", "amount": -ONE, "reverses": "job:1:capture"},
        {"kind": "repayment", "amount": -ONE, "debt": -ONE},
        {"kind": "forgiveness", "amount": 0, "debt": -ONE},
        {"kind": "grant", "amount": ONE, "debt": -ONE},
        {"kind": "adjustment", "amount": -ONE, "hold": "job:1"},
    ],
    ids=str,
)
def test_it_refuses_a_forged_entry(account: CreditAccount, fields: dict[str, object]) -> None:
    account.refresh_from_db()
    if key := fields.get("reverses"):
        fields = fields | {"reverses": Entry.objects.get(key=key)}
    if key := fields.get("hold"):
        fields = fields | {"hold": Hold.objects.get(reference=key)}
    with pytest.raises(IntegrityError), transaction.atomic():
        entry(account, **fields).save(force_insert=True)


def test_an_entry_of_that_form_would_fit_otherwise(account: CreditAccount) -> None:
    """The control: a claw-back of what there is, of the grant that gave it."""
    account.refresh_from_db()
    sid = transaction.savepoint()
    gift = Entry.objects.get(key="gift")
    entry(account, kind="claw_back", amount=-ONE, reverses=gift).save(force_insert=True)
    assert Lot.objects.get(entry=gift).remaining == 4 * ONE
    transaction.savepoint_rollback(sid)


def test_it_refuses_a_hold_with_a_debt(indebted: CreditAccount) -> None:
    with pytest.raises(IntegrityError, match="debt"), transaction.atomic():
        Hold.objects.create(account=indebted, reference="job:2", amount=0)


def test_it_refuses_a_hold_of_a_frozen_account(account: CreditAccount) -> None:
    sid = transaction.savepoint()
    credits.freeze(workspace=account.workspace, reason="disputed")
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Hold.objects.create(account=account, reference="job:2", amount=0)
    transaction.savepoint_rollback(sid)
