"""Monthly statements: they add up, follow each other, and never change."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Workspace
from billing import credits, statements
from billing.amounts import to_micro
from billing.models import Entry
from billing.statements import Month
from tests.conftest import Person, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> Person:
    """With a ledger that begins in the middle of January."""
    with time_machine.travel(datetime(2026, 1, 15, tzinfo=UTC)):
        return make_person("ada@example.com", credits="100")


def at(moment: str) -> Any:
    return time_machine.travel(datetime.fromisoformat(moment), tick=False)


def give(person: Person, key: str, amount: str = "10", **fields: Any) -> Entry:
    with transaction.atomic():
        return credits.grant(
            workspace=person.workspace,
            amount=to_micro(amount),
            key=key,
            **{"kind": "grant", **fields},
        )


def table(person: Person, month: str) -> list[dict[str, str]]:
    answer = person.browser.get(f"/credits/statements/{month}.csv")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_the_months_of_a_long_story_add_up(ada: Person) -> None:
    chance = random.Random(4)
    moment = datetime(2026, 1, 15, tzinfo=UTC)
    for number in range(150):
        moment += timedelta(hours=chance.randrange(1, 60))
        with time_machine.travel(moment, tick=False):
            _something(ada.workspace, number, chance)
    with at("2026-12-24T00:00:00+00:00"):
        months = statements.closed_months(ada.workspace)
        found = [statements.statement(ada.workspace, month) for month in reversed(months)]
    assert [str(one.month) for one in found] == [f"2026-{n:02d}" for n in range(1, 12)]
    assert (found[0].opening.balance, found[0].opening.debt) == (0, 0)
    for one in found:
        assert one.opening.balance + sum(line.amount for line in one.lines) == one.closing.balance
        assert one.opening.debt + sum(line.debt for line in one.lines) == one.closing.debt
        [charged] = [line for line in one.lines if line.label == "Charges"]
        assert sum(line.amount for line in one.charges) == charged.amount
        assert sum(line.count for line in one.charges) == charged.count
        last = Entry.objects.filter(created_at__lt=one.month.end).latest("seq")
        assert (one.closing.balance, one.closing.debt) == (last.balance_after, last.debt_after)
    for earlier, later in pairwise(found):
        assert earlier.closing == later.opening
    assert found[-1].closing.balance == credits.balance(ada.workspace).balance
    assert len({line.label for one in found for line in one.lines if line.count}) >= 7


@transaction.atomic
def _something(workspace: Workspace, number: int, chance: random.Random) -> None:
    amount, key = to_micro(chance.randrange(1, 9)), f"thing:{number}"
    match chance.randrange(6):
        case 0:
            kind = chance.choice(["grant", "purchase"])
            expires_at = datetime(2026, chance.randrange(1, 13), 28, tzinfo=UTC)
            ends = expires_at if kind == "grant" else None
            credits.grant(workspace=workspace, amount=amount, key=key, kind=kind, expires_at=ends)
        case 1:
            free = credits.balance(workspace).available
            change = amount if chance.random() < 0.5 else -min(amount, free)
            if change:
                credits.adjust(workspace=workspace, amount=change, key=key, reason="a slip")
        case 2:
            lot = credits.grant(workspace=workspace, amount=amount, key=key, kind="purchase")
            back = f"{key}:back"
            credits.claw_back(
                workspace=workspace, amount=amount, key=back, note="gone", lot_key=lot.key
            )
        case _:
            _job(workspace, amount, key, chance)


def _job(workspace: Workspace, amount: int, key: str, chance: random.Random) -> None:
    if credits.balance(workspace).available < amount or credits.balance(workspace).debt:
        return
    hold = credits.hold(workspace=workspace, amount=amount, key=key)
    if chance.random() < 0.2:
        credits.release(hold=hold, reason="failed")
        return
    credits.settle(hold=hold, amount=amount)
    if chance.random() < 0.3:
        credits.refund(hold=hold, amount=amount // 2, key=f"{key}:back", reason="lost")


def test_a_month_has_its_statement_once_it_is_over_in_utc(ada: Person) -> None:
    ada.user.time_zone = "Pacific/Kiritimati"  # fourteen hours ahead
    ada.user.save()
    for moment, there in (
        ("2026-01-31T12:00:00+00:00", False),
        ("2026-01-31T23:59:59+00:00", False),
        ("2026-02-01T00:01:00+00:00", True),
    ):
        with at(moment):
            ada.browser.force_login(ada.user)
            listed = ada.browser.get("/credits/statements/").content.decode()
            assert ('href="/credits/statements/2026-01/"' in listed) is there
            for path in ("2026-01/", "2026-01.csv"):
                answer = ada.browser.get(f"/credits/statements/{path}")
                assert answer.status_code == (200 if there else 404)


def test_a_movement_counts_in_its_month_of_utc(ada: Person) -> None:
    with at("2026-01-31T23:59:59.999999+00:00"):
        give(ada, "january", "1")
    with at("2026-02-01T00:00:00+00:00"):
        give(ada, "february", "2")
    with at("2026-03-02T00:00:00+00:00"):
        january = statements.statement(ada.workspace, Month(2026, 1))
        february = statements.statement(ada.workspace, Month(2026, 2))
    assert january.closing.balance == to_micro(101)
    assert february.opening.balance == to_micro(101)
    assert february.closing.balance == to_micro(103)


@pytest.mark.parametrize(
    "name", ["2025-12", "2026-00", "2026-13", "2026-1", "1999-12", "9999-12", "soon", "２０２６-01"]
)
def test_there_is_no_other_statement(ada: Person, name: str) -> None:
    ada.browser.force_login(ada.user)
    assert ada.browser.get(f"/credits/statements/{name}/").status_code == 404
    assert ada.browser.get(f"/credits/statements/{name}.csv").status_code == 404


def test_a_workspace_without_movements_has_none(db: None) -> None:
    bob = make_person("bob@example.com", credits="0")
    assert "No statement yet" in bob.browser.get("/credits/statements/").content.decode()
    assert bob.browser.get("/credits/statements/2026-01/").status_code == 404


def test_a_quiet_month_has_one_too(ada: Person) -> None:
    with at("2026-04-02T00:00:00+00:00"):
        found = statements.statement(ada.workspace, Month(2026, 3))
    assert found.opening == found.closing
    assert sum(line.count for line in found.lines) == 0


def test_page_and_file_say_the_same(ada: Person) -> None:
    with at("2026-02-10T00:00:00+00:00"):
        give(ada, "bought", "50", kind="purchase")
        with transaction.atomic():
            hold = credits.hold(workspace=ada.workspace, amount=to_micro("2.5"), key="gen_x")
            credits.settle(hold=hold, amount=to_micro("2.5"))
    with at("2026-03-05T00:00:00+00:00"):
        ada.browser.force_login(ada.user)
        rows = table(ada, "2026-02")
        html = ada.browser.get("/credits/statements/2026-02/").content.decode()
    named = {row["line"]: Decimal(row["credits"]) for row in rows}
    assert named["Opening balance"] == 100
    assert named["Purchases"] == 50
    assert named["Charges"] == named["Of the charges: Other"] == Decimal("-2.5")
    assert named["Closing balance"] == Decimal("147.5")
    for text in ("Statement of February 2026", "147.5", "−2.5", 'media="print"'):
        assert text in html


def test_nobody_sees_the_statement_of_another(ada: Person, charlie: Person) -> None:
    assert "2026-01" not in charlie.browser.get("/credits/statements/").content.decode()
    assert charlie.browser.get("/credits/statements/2026-01/").status_code == 404


def test_a_statement_takes_few_queries_however_old_the_ledger(ada: Person) -> None:
    counts = []
    for moment in ("2026-03-05T00:00:00+00:00", "2029-03-05T00:00:00+00:00"):
        with at(moment):
            ada.browser.force_login(ada.user)
            with CaptureQueriesContext(connection) as queries:
                ada.browser.get("/credits/statements/2026-01/")
            counts.append(len(queries))
    assert counts[0] == counts[1] <= 14
