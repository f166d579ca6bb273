"""What a workspace used, per day, operation, member and key: API, page and file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.keys import create_key
from accounts.middleware import actor_of
from accounts.models import ApiKey, Membership, Role, Scope, User
from generations.models import Generation, ProviderAccount
from tests.accounts.conftest import join
from tests.conftest import Person
from tests.generations.builders import make_storing

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 5, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(TODAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def bob(ada: Person) -> User:
    join(ada, Role.MEMBER)
    return User.objects.get(email="bob@example.com")


@pytest.fixture
def key(ada: Person) -> ApiKey:
    membership = Membership.objects.get(workspace=ada.workspace, user=ada.user)
    made, _ = create_key(by=actor_of(membership), label="=robot", scopes={Scope.WRITE})
    return made


def job(
    person: Person,
    account: ProviderAccount,
    *,
    days_ago: float = 0,
    credits: str = "2",
    **fields: Any,
) -> Generation:
    made = make_storing(person.workspace, account, task_id="t", credits=credits, **fields)
    at = TODAY - timedelta(days=days_ago)
    Generation.objects.filter(pk=made.pk).update(created_at=at)
    return made


def usage(person: Person, **query: str) -> list[dict[str, Any]]:
    answer = person.api.get("/usage", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"]


def table(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/credits/usage.csv{query}")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def page(client: Client, query: str = "", status: int = 200) -> str:
    answer = client.get(f"/credits/usage/{query}")
    assert answer.status_code == status
    return answer.content.decode()


def test_it_sums_up_days_and_operations(ada: Person, account: ProviderAccount) -> None:
    job(ada, account), job(ada, account, credits="0.5")
    job(ada, account, operation="image", days_ago=1)
    job(ada, account, days_ago=40)
    assert usage(ada) == [
        {"day": "2026-05-20", "operation": "text-to-video", "count": 2, "credits": "2.5"},
        {"day": "2026-05-19", "operation": "image", "count": 1, "credits": "2"},
    ]
    assert len(usage(ada, **{"from": "2026-01-01", "to": "2026-04-30"})) == 1
    assert len(usage(ada, operation="image")) == 1


def test_it_tells_members_and_keys_apart(
    ada: Person, bob: User, key: ApiKey, account: ProviderAccount
) -> None:
    job(ada, account, created_by=ada.user), job(ada, account, created_by=bob)
    job(ada, account, api_key=key, credits="7")
    by_member = {row["member"]: row["credits"] for row in usage(ada, group_by="member")}
    assert by_member == {"ada@example.com": "2", "bob@example.com": "2", None: "7"}
    by_key = {row["key"]: (row["key_label"], row["credits"]) for row in usage(ada, group_by="key")}
    assert by_key == {None: (None, "4"), key.prefix: ("=robot", "7")}
    assert len(usage(ada, group_by="member,key")) == 3


@pytest.mark.parametrize("group_by", ["workspace", "member,", "member,input", "__class__"])
def test_it_groups_by_nothing_else(ada: Person, group_by: str) -> None:
    answer = ada.api.get("/usage", group_by=group_by)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "group_by"


def test_it_counts_nothing_of_another_workspace(
    ada: Person, charlie: Person, account: ProviderAccount
) -> None:
    job(charlie, account, created_by=charlie.user)
    assert usage(ada) == []
    assert "Nothing used yet" in page(ada.browser)
    assert table(ada.browser) == []


def test_days_are_utc_on_the_page_too(ada: Person, account: ProviderAccount) -> None:
    ada.user.time_zone = "Asia/Tokyo"
    ada.user.save()
    job(ada, account, days_ago=0.5 + 1e-5)  # 19 May in UTC, a second before midnight
    assert [row["day"] for row in table(ada.browser)] == ["2026-05-19"]
    assert usage(ada)[0]["day"] == "2026-05-19"


def test_the_page_shows_sums_by_operation_member_and_key(
    ada: Person, bob: User, key: ApiKey, account: ProviderAccount
) -> None:
    job(ada, account, created_by=bob), job(ada, account, created_by=bob, operation="image")
    job(ada, account, api_key=key, credits="7")
    html = page(ada.browser)
    for text in ("Text to video", "bob@example.com", f"=robot ({key.prefix[:6]}…)", "11</strong>"):
        assert text in html


def test_the_page_filters(ada: Person, bob: User, key: ApiKey, account: ProviderAccount) -> None:
    job(ada, account, created_by=bob, credits="1")
    job(ada, account, created_by=bob, operation="image", credits="3")
    job(ada, account, api_key=key, credits="7", days_ago=50)
    assert 'class="amount">1</strong> credits' in page(ada.browser, "?operation=text-to-video")
    assert 'class="amount">4</strong> credits' in page(ada.browser, f"?member={bob.pk}")
    query = f"?from=2026-03-01&key={key.pk}"
    assert 'class="amount">7</strong> credits' in page(ada.browser, query)
    assert [row["credits"] for row in table(ada.browser, query)] == ["7"]


def test_it_filters_by_no_stranger(ada: Person, charlie: Person, account: ProviderAccount) -> None:
    stranger = ApiKey.objects.get(workspace=charlie.workspace)
    assert "Select a valid choice" in page(ada.browser, f"?member={charlie.user.pk}", status=422)
    assert "Select a valid choice" in page(ada.browser, f"?key={stranger.pk}", status=422)


@pytest.mark.parametrize("query", ["?from=2025-01-01&to=2026-05-01", "?from=2024-01-01"])
def test_it_reads_a_year_at_most(ada: Person, query: str) -> None:
    assert "At most 366 days at once." in page(ada.browser, query, status=422)
    assert ada.browser.get(f"/credits/usage.csv{query}").status_code == 302


def test_the_chart_has_a_bar_for_each_day_and_a_table(
    ada: Person, account: ProviderAccount
) -> None:
    job(ada, account, credits="8"), job(ada, account, days_ago=2, credits="4")
    html = page(ada.browser, "?from=2026-05-11")
    svg = ElementTree.fromstring(
        html[html.index('<svg class="chart"') : html.index("</figure>")].partition("</svg>")[0]
        + "</svg>"
    )
    bars = svg.findall("rect")
    assert len(bars) == 10
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert heights[-1] == 2 * heights[-3] > 0
    assert sum(heights) == heights[-1] + heights[-3]
    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-label"]
    assert "style=" not in html[html.index("<figure") : html.index("</figure>")]
    table_of_days = html[html.index("<details>\n          <summary>The same") :]
    assert "18 May 2026" in table_of_days
    assert "20 May 2026" in table_of_days


def test_the_file_is_safe_in_a_spreadsheet(
    ada: Person, key: ApiKey, account: ProviderAccount
) -> None:
    job(ada, account, api_key=key)
    [row] = table(ada.browser)
    assert (row["key_label"], row["jobs"], row["credits"]) == ("'=robot", "1", "2")


def test_a_year_takes_as_many_queries_as_a_day(
    ada: Person, bob: User, key: ApiKey, account: ProviderAccount
) -> None:
    counts = []
    for _ in range(2):
        for days in range(0, 300, 30):
            job(ada, account, days_ago=days, created_by=bob, credits="0.5")
            job(ada, account, days_ago=days, api_key=key, operation="image", credits="0.5")
        for query in ("", "?from=2025-06-01"):
            with CaptureQueriesContext(connection) as queries:
                page(ada.browser, query)
            counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 12
