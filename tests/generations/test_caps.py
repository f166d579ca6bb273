"""Spending caps of a workspace, its members and its keys: set on pages, kept in every create."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.access import Actor
from accounts.keys import create_key
from accounts.models import AuditEvent, Membership, Plan, Role, User, Workspace
from billing.amounts import to_micro
from generations.models import Generation, ProviderAccount
from tests.accounts.conftest import join
from tests.conftest import Api, Person
from tests.generations.kling_api.conftest import KlingApi
from tests.generations.pages import open_studio
from tests.generations.test_main_job import SOUND, create
from tests.working import finish

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
CAPS = "/settings/spending"


def set_cap(browser: Client, path: str, *, daily: str = "", monthly: str = "") -> Any:
    return browser.post(f"{CAPS}/{path}", {"daily": daily, "monthly": monthly})


def key_of(person: Person) -> str:
    return f"keys/{person.workspace.api_keys.latest('pk').prefix}"


def another_key(person: Person) -> Api:
    owner = Actor(workspace=person.workspace, user=person.user, role=Role.OWNER)
    return Api(create_key(by=owner, label="another")[1])


def refusal(answer: Any) -> dict[str, Any]:
    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["charged"]) == ("quota_exceeded", False)
    return problem


def test_it_stops_a_key_at_its_cap_of_the_day(ada: Person, cloudsway: ProviderAccount) -> None:
    other = another_key(ada)
    assert set_cap(ada.browser, f"keys/{ada.api.key[3:13]}", daily="0.5")["Location"] == CAPS
    with time_machine.travel(NOON):
        create(ada.api, SOUND)
        create(ada.api, SOUND)
        refused = ada.api.post("/generations", SOUND)
        assert create(other, SOUND)["status"] == "queued"
    problem = refusal(refused)
    assert (problem["quota"], problem["limit"], problem["used"]) == ("key_daily_cap", "0.5", "0.5")
    assert problem["detail"] == (
        "This key's spending cap for today is reached. 0.5 of 0.5 credits are used and this job "
        "needs 0.25. It begins anew on 1 April (UTC)."
    )
    assert 12 * 3600 <= int(refused["Retry-After"]) <= 12 * 3600 + 2
    assert ada.api.get("/credits").json()["held"] == "0.75"
    assert Generation.objects.count() == 3


@pytest.mark.parametrize(
    ("limit", "used", "advice"),
    [
        ("0.5", "0.5", "Wait until then, or change to a plan that allows more"),
        ("0.2", "0", "Choose something cheaper, or change to a plan that allows more"),
    ],
)
def test_the_plan_limits_a_day_and_says_what_to_do(
    ada: Person, cloudsway: ProviderAccount, limit: str, used: str, advice: str
) -> None:
    Plan.objects.update(daily_credits=to_micro(limit))
    with time_machine.travel(NOON):
        for _ in range(to_micro(used) // to_micro("0.25")):
            create(ada.api, SOUND)
        problem = refusal(ada.api.post("/generations", SOUND))
    assert (problem["quota"], problem["limit"], problem["used"]) == ("daily_credits", limit, used)
    assert problem["detail"] == (
        "Your plan's limit of credits a day, bought ones too, is reached. "
        f"{used} of {limit} credits are used and this job needs 0.25. "
        f"It begins anew on 1 April (UTC). {advice}; your credits stay."
    )
    with time_machine.travel(NOON.replace(month=4, day=1)):
        assert ada.api.post("/generations", SOUND).status_code == (202 if limit == "0.5" else 429)


def test_it_begins_anew_with_the_day_and_with_the_month(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    set_cap(ada.browser, "workspace", daily="0.25", monthly="0.5")
    with time_machine.travel(NOON.replace(day=29)):
        create(ada.api, SOUND)
        assert refusal(ada.api.post("/generations", SOUND))["quota"] == "workspace_daily_cap"
    with time_machine.travel(NOON.replace(day=30)):
        create(ada.api, SOUND)
    with time_machine.travel(NOON):
        refused = ada.api.post("/generations", SOUND)
        assert refusal(refused)["quota"] == "workspace_monthly_cap"
        assert int(refused["Retry-After"]) <= 12 * 3600 + 2
    with time_machine.travel(NOON.replace(month=4, day=1)):
        create(ada.api, SOUND)


def test_it_counts_what_was_charged_and_not_what_was_given_back(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    set_cap(ada.browser, "workspace", daily="0.5")
    create_and_cancel = create(ada.api, SOUND)["id"]
    ada.api.post(f"/generations/{create_and_cancel}/cancel")
    finish(create(ada.api, {**SOUND, "input": {"prompt": "[fail] rain", "duration": 3}})["id"])
    finish(create(ada.api, SOUND)["id"])
    create(ada.api, SOUND)
    assert refusal(ada.api.post("/generations", SOUND))["used"] == "0.5"


def test_it_stops_a_member_in_the_studio_and_nobody_else(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    bob = join(ada, Role.MEMBER)
    member = Membership.objects.get(user__email="bob@example.com").pk
    set_cap(ada.browser, f"members/{member}", daily="0.3")
    form = open_studio(bob, "text-to-audio")
    assert form.send(bob, input__prompt="Rain").status_code == 302
    refused = open_studio(bob, "text-to-audio").send(bob, input__prompt="Wind")
    assert refused.status_code == 429
    assert "Your own spending cap for today is reached." in refused.content.decode()
    assert "0.25 of 0.3 credits are used" in refused.content.decode()
    assert (
        open_studio(ada.browser, "text-to-audio")
        .send(ada.browser, input__prompt="Wind")
        .status_code
        == 302
    )


def test_it_does_not_let_one_job_above_the_cap_by_itself(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    set_cap(ada.browser, "workspace", daily="0")
    problem = refusal(ada.api.post("/generations", SOUND))
    assert (problem["limit"], problem["used"]) == ("0", "0")


def test_kling_programs_get_kling_s_code(ada: Person, cloudsway: ProviderAccount) -> None:
    Workspace.objects.update(daily_cap=0)
    answer = KlingApi(ada.api.key).post("audio/text-to-audio", SOUND["input"])
    assert (answer.status_code, answer.json()["code"]) == (429, 1102)
    assert "spending cap for today" in answer.json()["message"]
    assert int(answer["Retry-After"]) > 0


def test_an_admin_raises_and_removes_a_cap(ada: Person, cloudsway: ProviderAccount) -> None:
    admin = join(ada, Role.ADMIN)
    set_cap(admin, "workspace", daily="0.1")
    assert ada.api.post("/generations", SOUND).status_code == 429
    set_cap(admin, "workspace", daily="0.25")
    assert ada.api.post("/generations", SOUND).status_code == 202
    set_cap(admin, "workspace")
    assert ada.api.post("/generations", SOUND).status_code == 202
    newest = AuditEvent.objects.filter(action="cap.changed").first()
    assert newest is not None
    assert newest.user == User.objects.get(email="bob@example.com")
    assert (newest.detail["of"], newest.detail["daily_before"]) == ("workspace", 250_000)
    assert newest.detail["daily"] is None


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_only_admins_set_caps(ada: Person, role: Role) -> None:
    bob = join(ada, role)
    mine = Membership.objects.get(user__email="bob@example.com").pk
    for path in ("workspace", f"members/{mine}", key_of(ada)):
        assert bob.get(f"{CAPS}/{path}").status_code == 403
        assert set_cap(bob, path, daily="1").status_code == 403
    assert Workspace.objects.filter(daily_cap=None).count() == 1


def test_an_admin_does_not_cap_an_owner(ada: Person) -> None:
    admin = join(ada, Role.ADMIN)
    owner = Membership.objects.get(user=ada.user).pk
    assert set_cap(admin, f"members/{owner}", daily="1").status_code == 403
    assert set_cap(ada.browser, f"members/{owner}", daily="1").status_code == 302


@pytest.mark.parametrize("wrong", ["-1", "NaN", "1e400", "10000000000", "0.0000001", "much"])
def test_it_refuses_what_is_no_amount(ada: Person, wrong: str) -> None:
    answer = set_cap(ada.browser, "workspace", daily=wrong, monthly="5")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'id="id_daily_error"' in page
    assert 'value="5"' in page
    assert Workspace.objects.get(pk=ada.workspace.pk).monthly_cap is None


def test_the_page_shows_what_is_used(ada: Person, cloudsway: ProviderAccount) -> None:
    set_cap(ada.browser, "workspace", monthly="10")
    create(ada.api, SOUND)
    page = " ".join(ada.browser.get(CAPS).content.decode().split())
    assert '<span class="amount">0.25</span> <span class="muted">of 10</span>' in page
    assert f'value="{to_micro("0.25")}" max="{to_micro("10")}"' in page


def test_a_member_sees_their_own_caps_and_the_workspace_s(ada: Person) -> None:
    another_key(ada)
    page = join(ada, Role.MEMBER).get(CAPS).content.decode()
    assert "bob@example.com" in page
    assert "ada@example.com" not in page
    assert "another" not in page
    assert "Set cap" not in page


def test_members_and_keys_lead_to_their_caps(ada: Person) -> None:
    join(ada, Role.MEMBER)
    bob = Membership.objects.get(user__email="bob@example.com").pk
    assert f'href="{CAPS}/members/{bob}"' in ada.browser.get("/settings/workspace").content.decode()
    assert f'href="{CAPS}/{key_of(ada)}"' in ada.browser.get("/settings/keys").content.decode()


def test_a_program_sees_the_caps_on_it(ada: Person, cloudsway: ProviderAccount) -> None:
    assert ada.api.get("/spending").json() == {"data": []}
    set_cap(ada.browser, "workspace", daily="10")
    with time_machine.travel(NOON):
        create(ada.api, SOUND)
        shown = ada.api.get("/spending").json()["data"]
    assert shown == [
        {
            "quota": "workspace_daily_cap",
            "limit": "10",
            "used": "0.25",
            "remaining": "9.75",
            "resets_at": "2026-04-01T00:00:00Z",
        }
    ]


def test_it_costs_a_create_one_statement_and_none_without_a_cap(
    ada: Person, cloudsway: ProviderAccount
) -> None:
    create(ada.api, SOUND)

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            create(ada.api, SOUND)
        return len(caught)

    without = statements()
    for path in ("workspace", key_of(ada)):
        set_cap(ada.browser, path, daily="50", monthly="50")
    assert statements() == without + 1
