"""Attacks on the ledger by SQL: the database itself refuses them, on both kinds of database."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.models import Workspace
from billing import credits, guards, ledger
from billing.amounts import to_micro
from billing.models import CreditAccount, Entry, Hold, PriceBook, UnitPrice

ACCOUNT = "billing_creditaccount"

# Against an account with entries of +10 and -2, a captured hold of 3, and an open one of 5.
ATTACKS = {
    "mint into the balance": f"UPDATE {ACCOUNT} SET balance = balance + 1",
    "mint with a number of its own": (
        f"UPDATE {ACCOUNT} SET balance = balance + 1, last_seq = last_seq + 1"
    ),
    "spend what is held": f"UPDATE {ACCOUNT} SET balance = 0",
    "forget what is held": f"UPDATE {ACCOUNT} SET held = 0",
    "hold without a hold": f"UPDATE {ACCOUNT} SET held = held + 1",
    "move an account": f"UPDATE {ACCOUNT} SET workspace_id = workspace_id + 1000",
    "renumber an account": f"UPDATE {ACCOUNT} SET last_seq = last_seq + 1",
    "delete an account": f"DELETE FROM {ACCOUNT}",
    "change an amount": "UPDATE billing_entry SET amount = amount * 2",
    "change a note": "UPDATE billing_entry SET note = 'another story'",
    "delete the entries": "DELETE FROM billing_entry",
    "delete one entry": "DELETE FROM billing_entry WHERE seq = 1",
    "delete a hold": "DELETE FROM billing_hold",
    "open a closed hold": (
        "UPDATE billing_hold SET state = 'open', captured = 0, closed_at = NULL "
        "WHERE state = 'captured'"
    ),
    "capture twice": "UPDATE billing_hold SET captured = 3000000 WHERE state = 'captured'",
    "shrink an open hold": "UPDATE billing_hold SET amount = 1 WHERE state = 'open'",
    "rename an open hold": "UPDATE billing_hold SET reference = 'x' WHERE state = 'open'",
    "capture more than is held": (
        "UPDATE billing_hold SET state = 'captured', captured = amount + 1, "
        "closed_at = created_at WHERE state = 'open'"
    ),
}


@pytest.fixture
def account(workspace: Workspace, stranger: Workspace) -> CreditAccount:
    credits.account_of(stranger)
    credits.grant(workspace=workspace, amount=to_micro(10), key="gift", kind="grant")
    hold = credits.hold(workspace=workspace, amount=to_micro(3), key="job:1")
    credits.settle(hold=hold, amount=to_micro(2))
    credits.hold(workspace=workspace, amount=to_micro(5), key="job:2")
    return credits.account_of(workspace)


@pytest.fixture(autouse=True)
def _nothing_has_changed(account: CreditAccount) -> Iterator[None]:
    before = snapshot()
    yield
    assert snapshot() == before
    assert ledger.check().violations == []


def snapshot() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in (CreditAccount, Hold, Entry)]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_it_refuses_sql(attack: str) -> None:
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(attack)


def new_entry(account: CreditAccount, **changed: object) -> Entry:
    fields: dict[str, object] = {
        "account_id": account.pk,
        "seq": 3,
        "kind": "grant",
        "amount": to_micro(1),
        "balance_after": to_micro(9),
        "key": "forged",
    }
    return Entry(**{**fields, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"seq": 4},
        {"seq": 2},
        {"balance_after": to_micro(100)},
        {"amount": to_micro(2)},
        {"amount": 0, "balance_after": to_micro(8)},
        {"amount": -to_micro(1), "balance_after": to_micro(7)},
        {"key": "gift"},
        {"kind": "capture", "amount": -to_micro(1), "balance_after": to_micro(7)},
        {"kind": "adjustment", "amount": -to_micro(4), "balance_after": to_micro(4)},
        {"kind": "gift-of-god"},
    ],
    ids=str,
)
def test_it_refuses_a_forged_entry(account: CreditAccount, changed: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        new_entry(account, **changed).save(force_insert=True)


def test_the_forged_entry_would_fit_otherwise(account: CreditAccount) -> None:
    """The control of the refusals above: without a change the same entry is taken."""
    sid = transaction.savepoint()
    new_entry(account).save(force_insert=True)
    account.refresh_from_db()
    assert (account.balance, account.last_seq) == (to_micro(9), 3)
    transaction.savepoint_rollback(sid)


def test_it_refuses_a_second_charge_of_a_hold(account: CreditAccount) -> None:
    hold = Hold.objects.get(reference="job:1")
    entry = new_entry(
        account, kind="capture", hold=hold, amount=-to_micro(2), balance_after=to_micro(6)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)


def test_it_refuses_to_charge_an_open_hold(account: CreditAccount) -> None:
    hold = Hold.objects.get(reference="job:2")
    entry = new_entry(
        account, kind="capture", hold=hold, amount=-to_micro(1), balance_after=to_micro(7)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)


def test_it_refuses_a_refund_beyond_the_charge(account: CreditAccount) -> None:
    hold = Hold.objects.get(reference="job:1")
    entry = new_entry(
        account, kind="refund", hold=hold, amount=to_micro(3), balance_after=to_micro(11)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)


def test_it_refuses_a_hold_of_another_account(account: CreditAccount, stranger: Workspace) -> None:
    other = credits.account_of(stranger)
    hold = Hold.objects.get(reference="job:1")
    entry = new_entry(
        other, kind="refund", hold=hold, seq=1, amount=to_micro(1), balance_after=to_micro(1)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)


@pytest.mark.parametrize("amount", [to_micro(4), 2**62])
def test_it_refuses_a_hold_beyond_the_balance(account: CreditAccount, amount: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.create(account=account, reference="job:3", amount=amount)


@pytest.mark.parametrize(
    "born", [{"state": "captured", "captured": 1}, {"state": "released"}, {"amount": -1}], ids=str
)
def test_it_refuses_a_hold_born_closed(account: CreditAccount, born: dict[str, object]) -> None:
    fields = {"account": account, "reference": "job:3", "amount": 1, **born}
    if "state" in born:
        fields["closed_at"] = account.created_at
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.create(**fields)


def test_it_refuses_an_account_born_rich(account: CreditAccount) -> None:
    poor = Workspace.objects.create(name="Poor", plan=account.workspace.plan)
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditAccount.objects.create(workspace=poor, balance=1)


def test_it_refuses_to_delete_a_workspace_with_money(account: CreditAccount) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Workspace.objects.filter(pk=account.workspace_id).delete()


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE billing_pricebook SET note = 'x'",
        "UPDATE billing_pricebook SET published_at = NULL",
        "DELETE FROM billing_pricebook",
        "UPDATE billing_unitprice SET credits = 1",
        "DELETE FROM billing_unitprice",
        "INSERT INTO billing_margin (book_id, operation, model, factor) "
        "SELECT id, '', '', 0.5 FROM billing_pricebook",
        "INSERT INTO billing_operationrate (book_id, operation, units) "
        "SELECT id, 'effects', 1 FROM billing_pricebook",
    ],
)
def test_it_freezes_a_published_price_book(attack: str) -> None:
    before = list(PriceBook.objects.values())
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(attack)
    assert list(PriceBook.objects.values()) == before


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE billing_unitprice SET book_id = %s WHERE book_id = %s",
        "UPDATE billing_margin SET book_id = %s WHERE book_id = %s",
        "UPDATE billing_operationrate SET book_id = %s WHERE book_id = %s",
    ],
)
def test_it_lets_no_row_of_a_draft_into_a_published_book(attack: str) -> None:
    published = PriceBook.objects.get()
    draft = PriceBook.objects.create(version=2)
    # Of a kind that the published book does not have, so that no unique key is in the way.
    draft.unit_prices.create(unit_type="song", credits=1)
    draft.margins.create(factor=Decimal("0.5"))
    draft.operation_rates.create(operation="effects", units=1)
    with (
        pytest.raises(IntegrityError, match="frozen"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(attack, [published.pk, draft.pk])


REPLACEMENTS = {
    "empty an account": (
        f"INSERT OR REPLACE INTO {ACCOUNT} (id, workspace_id, balance, held, last_seq, created_at)"
        f" SELECT id, workspace_id, 0, 0, 0, created_at FROM {ACCOUNT}"
    ),
    "lose an entry": (
        "INSERT OR REPLACE INTO billing_entry "
        "(id, account_id, seq, kind, amount, balance_after, key, note, created_at) "
        "SELECT id, account_id, 3, kind, amount, 18000000, key, note, created_at "
        "FROM billing_entry WHERE seq = 1"
    ),
    "reopen a charged hold": (
        "INSERT OR REPLACE INTO billing_hold "
        "(id, account_id, reference, amount, state, captured, reason, created_at) "
        "SELECT id, account_id, reference, 1, 'open', 0, '', created_at "
        "FROM billing_hold WHERE state = 'captured'"
    ),
    "take back a published book": (
        "INSERT OR REPLACE INTO billing_pricebook (id, version, note, created_at) "
        "SELECT id, version, note, created_at FROM billing_pricebook"
    ),
    "take a price away": (
        "INSERT OR REPLACE INTO billing_unitprice (id, book_id, unit_type, credits) "
        "SELECT id, (SELECT id FROM billing_pricebook WHERE version = 2), unit_type, 1 "
        "FROM billing_unitprice WHERE unit_type = 'video'"
    ),
}


@pytest.mark.parametrize("attack", REPLACEMENTS.values(), ids=REPLACEMENTS.keys())
def test_it_refuses_to_replace_rows(attack: str) -> None:
    """SQLite deletes what REPLACE replaces without asking the triggers of a deletion."""
    PriceBook.objects.create(version=2)
    before = list(PriceBook.objects.values()), list(UnitPrice.objects.values())
    # PostgreSQL has no such statement.
    refusal = IntegrityError if connection.vendor == "sqlite" else ProgrammingError
    with pytest.raises(refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)
    assert (list(PriceBook.objects.values()), list(UnitPrice.objects.values())) == before


def test_the_check_names_a_trigger_that_is_gone(account: CreditAccount) -> None:
    sid = transaction.savepoint()
    name, statement = _drop_one()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    errors = checks.run_checks(tags=["database"], databases=["default"])
    assert [(error.id, name in error.msg) for error in errors] == [("billing.W003", True)]
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("check_ledger", stdout=out)
    assert left.value.code == 1
    assert name in out.getvalue()
    call_command("migrate", verbosity=0, skip_checks=False, stderr=StringIO())
    assert guards.missing(connection) == []
    transaction.savepoint_rollback(sid)


def test_the_check_is_content_with_all_triggers(account: CreditAccount) -> None:
    assert checks.run_checks(tags=["database"], databases=["default"]) == []


def _drop_one() -> tuple[str, str]:
    if connection.vendor == "sqlite":
        return "billing_entry_kept", "DROP TRIGGER billing_entry_kept"
    return "billing_entry_guard", "DROP TRIGGER billing_entry_guard ON billing_entry"
