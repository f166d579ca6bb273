"""The whole ledger of a workspace: pages, filters, and the file of it."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing import credits
from billing.amounts import to_micro
from billing.models import Entry
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def page(client: Client, query: str = "", status: int = 200) -> str:
    answer = client.get(f"/credits/entries/{query}")
    assert answer.status_code == status
    return str(answer.content.decode())


def table(client: Client, query: str = "") -> list[dict[str, str]]:
    """The CSV file, read as a spreadsheet would."""
    answer = client.get(f"/credits/entries.csv{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def give(person: Person, key: str, at: str = "", **fields: Any) -> Entry:
    moment = datetime.fromisoformat(at) if at else datetime.now(UTC)
    with time_machine.travel(moment, tick=False), transaction.atomic():
        values = {"amount": to_micro(1), "kind": "grant", "note": f"note of {key}", **fields}
        return credits.grant(workspace=person.workspace, key=key, **values)


def spend(person: Person, job: str, amount: str = "2") -> None:
    with transaction.atomic():
        hold = credits.hold(workspace=person.workspace, amount=to_micro(amount), key=job)
        credits.settle(hold=hold, amount=to_micro(amount))


def test_it_pages_through_everything_once(ada: Person) -> None:
    for number in range(120):
        give(ada, f"gift-{number:03d}")
    seen: list[str] = []
    query: str | None = ""
    while query is not None:
        html = page(ada.browser, query)
        seen += re.findall(r"note of (gift-\d+)", html)
        older = re.search(r'href="(\?[^"]*)" rel="next"', html)
        query = older[1].replace("&amp;", "&") if older else None
    assert seen == [f"gift-{number:03d}" for number in reversed(range(120))]


def test_the_last_page_costs_as_many_queries_as_the_first(ada: Person) -> None:
    for number in range(60):
        give(ada, f"gift-{number}")
        spend(ada, f"gen_{number}", "0.5")
    first = page(ada.browser)
    older = re.search(r'href="(\?[^"]*)" rel="next"', first)
    assert older is not None
    counts = []
    for query in ("", older[1]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(ada.browser, query)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_it_forgets_a_cursor_that_is_none(ada: Person) -> None:
    answer = ada.browser.get("/credits/entries/?kind=grant&cursor=nonsense!")
    assert (answer.status_code, answer["Location"]) == (302, "/credits/entries/?kind=grant")


def test_it_shows_one_kind(ada: Person) -> None:
    give(ada, "gift")
    spend(ada, "gen_one")
    charges = page(ada.browser, "?kind=capture")
    assert "/generations/gen_one" in charges
    assert "note of gift" not in charges
    grants = page(ada.browser, "?kind=grant")
    assert "note of gift" in grants
    assert "/generations/gen_one" not in grants


@pytest.mark.parametrize(
    ("zone", "shown"), [("UTC", "b"), ("America/New_York", "ab"), ("Asia/Tokyo", "")]
)
def test_days_are_those_of_the_reader(ada: Person, zone: str, shown: str) -> None:
    ada.user.time_zone = zone
    ada.user.save()
    # The 10th of March of New York, of UTC, and of neither: that of Tokyo ends at 15:00 UTC.
    give(ada, "a", "2026-03-11T03:59:59+00:00")
    give(ada, "b", "2026-03-10T23:00:00+00:00")
    give(ada, "c", "2026-03-11T04:00:00+00:00")
    html = page(ada.browser, "?from=2026-03-10&to=2026-03-10")
    assert [key for key in "abc" if f"note of {key}" in html] == list(shown)
    file = table(ada.browser, "?from=2026-03-10&to=2026-03-10")
    assert sorted(row["note"][-1] for row in file) == list(shown)


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("?from=2026-03-10&to=2026-03-09", "This is before the first day."),
        ("?from=yesterday", "Enter a valid date."),
        ("?from=0001-01-01", "There is nothing of that day."),
        ("?to=9999-12-31", "There is nothing of that day."),
        ("?kind=theft", "Select a valid choice"),
    ],
)
def test_it_says_what_is_wrong_with_a_filter(ada: Person, query: str, complaint: str) -> None:
    assert complaint in page(ada.browser, query, status=422)
    answer = ada.browser.get(f"/credits/entries.csv{query}")
    assert answer.status_code == 302
    assert answer["Location"] == f"/credits/entries/{query}"


def test_a_link_to_older_ones_keeps_the_filter(ada: Person) -> None:
    for number in range(60):
        give(ada, f"gift-{number}")
    html = page(ada.browser, "?kind=grant&from=2000-01-01")
    older = re.search(r'href="(\?[^"]*)" rel="next"', html)
    assert older is not None
    assert "kind=grant" in older[1]
    assert "from=2000-01-01" in older[1]
    assert 'href="/credits/entries.csv?from=2000-01-01&amp;kind=grant"' in html


def test_it_links_each_entry_to_what_it_belongs_to(ada: Person) -> None:
    spend(ada, "gen_one")
    give(ada, "order:ord_one:purchase", kind="purchase")
    html = page(ada.browser)
    assert 'href="/generations/gen_one"' in html
    assert 'href="/credits/orders/ord_one/"' in html
    spent, bought = table(ada.browser)[1:]
    assert (spent["job"], spent["order"], spent["credits"]) == ("gen_one", "", "-2")
    assert (bought["job"], bought["order"], bought["balance"]) == ("", "ord_one", "99")


def test_it_knows_every_kind_by_a_name(ada: Person) -> None:
    html = page(ada.browser)
    for kind in Entry.Kind:
        assert f'<option value="{kind}">{kind.label}</option>' in html


def test_it_shows_nothing_of_another_workspace(ada: Person, charlie: Person) -> None:
    give(charlie, "secret")
    assert "note of secret" not in page(ada.browser)
    assert all("secret" not in row["note"] for row in table(ada.browser))


def test_the_file_is_in_utc_and_oldest_first(ada: Person) -> None:
    ada.user.time_zone = "Asia/Tokyo"
    ada.user.save()
    entry = give(ada, "late", amount=to_micro("1234.5"))
    rows = table(ada.browser)
    assert [row["number"] for row in rows] == ["1", "2"]
    assert rows[1]["time"] == entry.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert rows[1]["credits"] == "1234.5"


@pytest.mark.parametrize(
    "note",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", '"=1', "＝1", "=cmd|' /C'!A0"],
    ids=repr,
)
def test_a_spreadsheet_runs_nothing_of_it(ada: Person, note: str) -> None:
    give(ada, "poison", note=note)
    cell = table(ada.browser)[-1]["note"]
    assert cell == f"'{note}"


def test_the_file_is_never_in_memory_as_a_whole(ada: Person) -> None:
    """It is read on while it is sent: rows that are there later come along."""
    for number in range(5):
        give(ada, f"gift-{number}")
    answer = ada.browser.get("/credits/entries.csv")
    assert answer.streaming
    lines = iter(answer.streaming_content)  # type: ignore[attr-defined]
    assert next(lines).startswith(b"number,")
    with CaptureQueriesContext(connection) as queries:
        next(lines)
    assert len(queries) <= 1
    assert len(list(lines)) == 5
