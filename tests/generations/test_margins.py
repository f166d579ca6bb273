"""The operator's report: revenue, cost, margin and variance. What nobody knows is not 0."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from billing.amounts import to_micro
from billing.models import Order
from generations import margins
from generations.margins import Period
from generations.models import Generation, ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations import media
from tests.generations.builders import make_storing
from tests.generations.inputs.asking import upload
from tests.generations.test_main_job import SOUND, create
from tests.working import finish

pytestmark = pytest.mark.django_db

PAGE = "/admin/generations/generation/margins/"


@pytest.fixture
def dear(account: ProviderAccount) -> ProviderAccount:
    ProviderAccount.objects.filter(pk=account.pk).update(unit_cost=Decimal("0.14"))
    account.refresh_from_db()
    return account


def job(person: Person, account: ProviderAccount, *, units: str = "2", **fields: Any) -> Generation:
    values = {"deducted": Decimal(units), "unit_cost": account.unit_cost, **fields}
    ended = values.pop("finished_at", timezone.now())
    made = make_storing(person.workspace, account, task_id="t", credits=units, **values)
    state = {"state": "succeeded", "due_at": None, "finished_at": ended}
    Generation.objects.filter(pk=made.pk).update(**state)
    made.refresh_from_db()
    return made


def sell(person: Person, *, credits: str = "100", amount: int = 2000, **fields: Any) -> Order:
    values = {"currency": "usd", "livemode": True, "paid_at": timezone.now(), **fields}
    return Order.objects.create(
        workspace=person.workspace,
        pack="small",
        credits=to_micro(credits),
        amount=amount,
        state="paid",
        **values,
    )


def today() -> Period:
    return Period(timezone.now().date(), timezone.now().date())


def html(client: Client, query: str = "", status: int = 200) -> str:
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == status
    return answer.content.decode()


def table(client: Client, by: str) -> list[dict[str, str]]:
    answer = client.get(f"{PAGE}{by}.csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def cells(page: str, first: str) -> list[str]:
    """The texts of the table row that begins with `first`."""
    found = re.search(rf'<th scope="row">{re.escape(first)}.*?</tr>', page, re.DOTALL)
    assert found is not None, first
    found_cells = re.split(r"</t[dh]>", found[0])[:-1]
    return [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in found_cells]


def test_revenue_is_by_currency_and_net_of_what_went_back(operator: Client, ada: Person) -> None:
    sell(ada, amount=2000), sell(ada, amount=2000, amount_total=1500, lost=500)
    sell(ada, amount=3000, currency="jpy"), sell(ada, amount=900, livemode=False)
    sell(ada, amount=7700, paid_at=timezone.now() - timedelta(days=40))
    page = html(operator)
    assert cells(page, "USD")[1:] == ["2", "$35.00", "$5.00", "$0.00", "$30.00"]
    assert cells(page, "JPY")[1:] == ["1", "¥3,000", "¥0", "¥0", "¥3,000"]
    assert "USD (test payments)" in page
    assert "77.00" not in page


def test_tax_is_not_revenue(operator: Client, ada: Person) -> None:
    sell(ada, amount=1000, amount_total=1200, amount_tax=200)
    # A half went back, and with it a half of its tax.
    half = {"lost": 600, "clawed": to_micro(50)}
    sell(ada, amount=1000, amount_total=1200, amount_tax=200, **half)
    assert cells(html(operator), "USD")[1:] == ["2", "$24.00", "$6.00", "$3.00", "$15.00"]
    assert today().price_of_credit == Decimal("0.1")


def test_margin_is_value_less_cost(operator: Client, ada: Person, dear: ProviderAccount) -> None:
    sell(ada)  # a credit brings 20 cents
    job(ada, dear, units="5"), job(ada, dear, units="2")
    figures = margins.total(today())
    assert (figures.value, figures.cost) == (Decimal("1.4"), Decimal("0.98"))
    assert figures.margin == Decimal("0.42")
    page = html(operator)
    assert cells(page, "Provider cost")[1] == "0.98"
    assert cells(page, "Margin")[1] == "0.42"


def test_test_payments_do_not_change_what_a_credit_brings(ada: Person) -> None:
    sell(ada, amount=1, livemode=False)
    assert today().price_of_credit == Decimal("0.0001")
    sell(ada, amount=2000)
    assert today().price_of_credit == Decimal("0.2")


def test_a_cost_that_nobody_knows_is_no_zero(
    operator: Client, ada: Person, dear: ProviderAccount
) -> None:
    sell(ada)
    job(ada, dear)
    job(ada, dear, unit_type="image", model="image-model", unit_cost=None)
    total = margins.total(today())
    assert (total.cost, total.margin, total.unknown) == (None, None, 1)
    assert total.known_cost == Decimal("0.28")
    page = html(operator)
    assert cells(page, "Provider cost")[1].endswith(
        "not known: of 1 job nobody knows the cost; the others cost 0.28"
    )
    assert cells(page, "text-to-video, image-model")[-2:] == ["not known", "not known"]
    by_model = {row["model"]: row for row in table(operator, "model")}
    assert by_model["image-model"]["cost"] == by_model["image-model"]["margin"] == "not known"
    assert Decimal(by_model["kling-v3"]["cost"]) == Decimal("0.28")


def test_without_sales_there_is_no_value(
    operator: Client, ada: Person, dear: ProviderAccount
) -> None:
    sell(ada, currency="eur")
    job(ada, dear)
    total = margins.total(today())
    assert (total.value, total.margin, total.cost) == (None, None, Decimal("0.28"))
    assert "no credits were sold in USD" in html(operator)


def test_a_cost_stays_what_it_was(ada: Person, dear: ProviderAccount) -> None:
    job(ada, dear)
    job(ada, dear, unit_cost=None)  # of a time when nobody had said it
    ProviderAccount.objects.update(unit_cost=Decimal(1))
    assert margins.total(today()).cost == Decimal("2.28")


def test_what_never_reached_the_provider_costs_nothing(ada: Person, dear: ProviderAccount) -> None:
    made = job(ada, dear, deducted=None)
    Generation.objects.filter(pk=made.pk).update(state="failed", task_id="", charged=0)
    total = margins.total(today())
    assert (total.cost, total.unknown) == (0, 0)


def test_variance_is_what_was_deducted_beyond_the_quote(
    operator: Client, ada: Person, dear: ProviderAccount
) -> None:
    job(ada, dear, units="2")
    less = job(ada, dear, units="2", deducted=Decimal("1.5"))
    more = job(ada, dear, units="2", deducted=Decimal("2.75"))
    absent = job(ada, dear, units="2", deducted=None)
    period = today()
    assert list(margins.largest_variances(period, 10)) == [more, less]
    [figures] = margins.grouped(period, "model")
    assert (figures.quoted, figures.deducted) == (6, Decimal("6.25"))
    assert (figures.variance, figures.unknown) == (Decimal("0.25"), 1)
    page = html(operator)
    assert "Jobs without a deduction: 1" in page
    assert absent.public_id in page.partition("Jobs without a deduction")[2]
    rows = {row["job"]: row for row in table(operator, "job")}
    assert Decimal(rows[more.public_id]["variance_units"]) == Decimal("0.75")
    assert Decimal(rows[less.public_id]["variance_units"]) == Decimal("-0.5")
    assert rows[absent.public_id]["variance_units"] == "not known"


def test_days_are_utc_and_end_at_midnight(
    operator: Client, ada: Person, dear: ProviderAccount
) -> None:
    for at in ("2026-03-09T23:59:59", "2026-03-10T00:00:00", "2026-03-10T23:59:59"):
        job(ada, dear, finished_at=datetime.fromisoformat(at).replace(tzinfo=UTC))
    day = datetime(2026, 3, 10, tzinfo=UTC).date()
    [figures] = margins.grouped(Period(day, day), "day")
    assert (figures.names, figures.jobs) == ((day, "video"), 2)


@pytest.mark.parametrize("said", ["5.5", "", "0.1", "lots"])
def test_it_writes_down_what_the_provider_took(
    ada: Person, simulator: RunningSimulator, said: str
) -> None:
    make_account(simulator.url, unit_cost=Decimal("0.14"))
    simulator.faults.add(stage="task", kind="deduction", value=said, times=1)
    done = finish(str(create(ada.api, SOUND)["id"]))
    number = Decimal(said) if said[:1].isdigit() else None
    assert (done.deducted, done.unit_cost) == (number, Decimal("0.14"))
    assert done.units == Decimal("0.25")
    assert done.charged <= done.quoted


@pytest.mark.parametrize("permissions", [[], ["view_generation"], ["view_order"]])
def test_staff_without_both_permissions_see_nothing(db: None, permissions: list[str]) -> None:
    user = User.objects.create_user("staff@example.com", "a-long-enough-passphrase", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    for path in ("", "day.csv", "model.csv", "job.csv"):
        assert client.get(f"{PAGE}{path}").status_code == 403


def test_customers_are_sent_away(ada: Person) -> None:
    assert ada.browser.get(PAGE).status_code == 302


def test_it_says_what_is_wrong_with_the_days(operator: Client) -> None:
    page = html(operator, "?from=2026-03-02&to=2026-03-01", status=422)
    assert "This is before the first day." in page
    assert "At most 366 days" in html(operator, "?from=2020-01-01", status=422)
    assert operator.get(f"{PAGE}job.csv?from=x").status_code == 302


def test_more_jobs_take_no_more_queries(
    operator: Client, ada: Person, dear: ProviderAccount
) -> None:
    counts = []
    for _ in range(2):
        for number in range(6):
            job(ada, dear, units="1", deducted=Decimal(number), model=f"model-{number}")
            job(ada, dear, units="1", deducted=None)
        with CaptureQueriesContext(connection) as queries:
            html(operator)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


# --- calls that come before a task -------------------------------------------------------


@pytest.fixture
def speaks(ada: Person, simulator: RunningSimulator) -> dict[str, Any]:
    """A lip-sync that begins with a search for faces, at an account that says what units cost."""
    account = make_account(simulator.url, dialect="official")
    ProviderAccount.objects.filter(pk=account.pk).update(unit_cost=Decimal("0.14"))
    simulator.settings.fetch_files = "none"
    film = upload(ada.api, media.mp4(seconds=5, width=1280, height=720, sound=True), "ada.mp4")
    choice = {"sound_file": upload(ada.api, media.mp3(3), "hello.mp3")}
    return {"video_url": film, "face_choose": [choice]}


def test_a_search_for_faces_that_led_to_no_task_is_the_operators_cost(
    operator: Client, ada: Person, speaks: dict[str, Any]
) -> None:
    sell(ada)
    speaks["face_choose"][0]["face_id"] = "7"
    job = finish(create(ada.api, {"operation": "lip-sync", "input": speaks})["id"])
    assert (job.state, job.task_id, job.charged) == ("failed", "", 0)
    assert ada.api.credits() == {"balance": "100", "held": "0", "available": "100"}
    figures = margins.total(today())
    assert (figures.deducted, figures.cost) == (Decimal("0.05"), Decimal("0.007"))
    assert figures.margin == Decimal("-0.007")
    [row] = table(operator, "model")
    assert (row["operation"], row["charged_credits"]) == ("lip-sync", "0")
    assert Decimal(row["cost"]) == Decimal("0.007")


def test_each_search_for_faces_counts_and_the_customer_pays_for_one(
    ada: Person, speaks: dict[str, Any], simulator: RunningSimulator
) -> None:
    sell(ada)
    simulator.faults.add("submit", "code", value=1303, path="videos/advanced-lip-sync")
    job = finish(create(ada.api, {"operation": "lip-sync", "input": speaks})["id"])
    assert (job.state, job.charged) == ("succeeded", 550_000)
    searches = [one for one in simulator.submissions() if one["path"] == "videos/identify-face"]
    figures = margins.total(today())
    assert len(searches) == 2
    assert (figures.deducted, figures.variance) == (Decimal("0.6"), Decimal(0))
    assert figures.cost == Decimal("0.084")


def test_a_job_that_was_never_sent_costs_nothing(ada: Person, dear: ProviderAccount) -> None:
    job(ada, dear, deducted=None, unit_cost=None)
    Generation.objects.update(task_id="", state="canceled")
    ProviderAccount.objects.update(unit_cost=None)
    figures = margins.total(today())
    assert (figures.deducted, figures.cost) == (None, Decimal(0))
