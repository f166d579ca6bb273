"""A database that goes away, anywhere in a request: 503, come again, and nothing half done."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client

import billing.credits
from accounts.workspaces import create_workspace
from billing.models import Hold
from generations.models import Generation, ProviderAccount
from generations.views.board import board
from tests.billing.test_stripe_hook import BODY, SECRET, signature
from tests.conftest import Person
from tests.generations.kling_api.conftest import KlingApi, refusal
from tests.generations.test_main_job import SOUND, create
from tests.outage import no_answer

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "/settings/workspace/name"
STUDIO = "/studio/text-to-audio/"
WAVES = {"input.prompt": "Waves on a beach", "input.duration": "3"}


@pytest.fixture(autouse=True)
def answers_of_production(ada: Person) -> None:
    ada.browser.raise_request_exception = False


def says_come_again(answer: Any) -> bool:
    assert "Our database did not answer in time." in answer.content.decode()
    return (answer.status_code, answer["Retry-After"]) == (503, "30")


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/credits/", ""),
        ("/credits/", "accounts_membership"),  # asked before any view
        ("/credits/", 'FROM "billing_creditaccount"'),  # by the view
        ("/credits/", 'FROM "billing_pack"'),  # by the template
        ("/gallery/", 'FROM "generations_generation"'),
        ("/settings/keys", 'FROM "accounts_apikey"'),
    ],
)
def test_a_page_asks_to_come_again(ada: Person, path: str, to: str, error: type[Exception]) -> None:
    with no_answer(error, to=to):
        assert says_come_again(ada.browser.get(path))

    assert ada.browser.get(path).status_code == 200


def test_a_form_changes_nothing(ada: Person) -> None:
    with no_answer(to='UPDATE "accounts_workspace"'):
        assert says_come_again(ada.browser.post(NAME, {"name": "Pictures"}))
    ada.workspace.refresh_from_db()
    assert ada.workspace.name == "Ada"

    ada.browser.post(NAME, {"name": "Pictures"})
    ada.workspace.refresh_from_db()
    assert ada.workspace.name == "Pictures"


@pytest.mark.parametrize("table", ["billing_hold", "generations_generation"])
def test_a_job_of_the_studio_leaves_no_hold(
    ada: Person, cloudsway: ProviderAccount, table: str
) -> None:
    with no_answer(to=f'INSERT INTO "{table}"'):
        assert says_come_again(ada.browser.post(STUDIO, WAVES))
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()
    assert billing.credits.balance(ada.workspace).held == 0

    assert ada.browser.post(STUDIO, WAVES).status_code == 302
    assert Generation.objects.count() == 1


def test_an_open_page_asks_on(ada: Person, cloudsway: ProviderAccount) -> None:
    job = create(ada.api, SOUND)["id"]
    page = ada.browser.get(f"/generations/{job}").content.decode()
    ticket = re.findall('data-ticket="([^"]+)"', page)
    visitor = Client(raise_request_exception=False)
    board.forget()

    with no_answer(to="generations_generation"):
        assert says_come_again(visitor.get("/live", {"job": ticket}))

    assert visitor.get("/live", {"job": ticket}).status_code in (200, 204)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_choice_that_the_session_could_not_keep(ada: Person, error: type[Exception]) -> None:
    other = create_workspace(name="Other", owner=ada.user, plan=ada.workspace.plan).workspace
    wanted = {"workspace": other.public_id}

    with no_answer(error, to='UPDATE "django_session"'):
        assert says_come_again(ada.browser.post("/workspaces/switch", wanted))
    assert ada.browser.get("/settings/workspace").context["workspace"] == ada.workspace

    assert ada.browser.post("/workspaces/switch", wanted).status_code == 302
    assert ada.browser.get("/settings/workspace").context["workspace"] == other


def test_a_session_that_is_gone_is_no_outage(ada: Person) -> None:
    """Signed out in another tab, after this request had read the session."""

    def sign_out(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "django_session"'):
            execute('DELETE FROM "django_session"', (), False, context)
        return execute(sql, params, many, context)

    wanted = {"workspace": ada.workspace.public_id}
    with connection.execute_wrapper(sign_out):
        assert ada.browser.post("/workspaces/switch", wanted).status_code == 400


@pytest.mark.parametrize("path", ["/hooks/kling/abc", "/hooks/stripe"])
def test_a_hook_is_called_again(path: str, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = "sk_test_x", [SECRET]
    visitor = Client(raise_request_exception=False, headers={"Stripe-Signature": signature(BODY)})

    with no_answer():
        answer = visitor.post(path, BODY, content_type="application/json")

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert answer.json() == {"error": "temporarily unavailable"}


@pytest.mark.parametrize("to", ["", 'INSERT INTO "billing_hold"'])
def test_the_api_says_that_nobody_knows(ada: Person, cloudsway: ProviderAccount, to: str) -> None:
    again = {"Idempotency-Key": "one-of-mine"}
    with no_answer(to=to):
        answer = ada.api.post("/generations", SOUND, **again)

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    problem = answer.json()
    assert (problem["code"], problem["charged"]) == ("temporarily_unavailable", None)
    assert not Generation.objects.exists()
    assert ada.api.post("/generations", SOUND, **again).status_code == 202
    assert ada.api.credits()["held"] == "0.25"


@pytest.mark.parametrize("to", ["", 'INSERT INTO "billing_hold"'])
def test_kling_programs_are_told_to_come_again(
    ada: Person, cloudsway: ProviderAccount, to: str
) -> None:
    kling, path = KlingApi(ada.api.key), "audio/text-to-audio"
    waves = {"prompt": "Waves", "duration": 3, "external_task_id": "one-of-mine"}
    with no_answer(to=to):
        answer = kling.post(path, waves)

    assert refusal(answer) == (503, 5001)
    assert answer["Retry-After"] == "30"
    assert not Generation.objects.exists()
    assert kling.create(path, waves)["task_status"] == "submitted"


@pytest.mark.django_db  # the next test wants the table back
@pytest.mark.parametrize("path", ["/credits/", "/api/v1/credits", "/kling/v1/audio/text-to-audio"])
def test_a_table_that_is_not_there_is_our_own_fault(ada: Person, path: str) -> None:
    with connection.cursor() as cursor:
        for table in ("billing_creditaccount", "generations_generation"):
            cursor.execute(f"ALTER TABLE {table} RENAME TO no_{table}")

    answer = (ada.browser if path == "/credits/" else ada.api.client).get(path)

    assert answer.status_code == 500
    assert "Retry-After" not in answer


def test_other_faults_are_our_own(ada: Person) -> None:
    with no_answer(RuntimeError):
        answer = ada.browser.get("/")

    assert answer.status_code == 500
    assert "Something went wrong here" in answer.content.decode()


def test_the_documentation_of_the_api_answers_as_the_api_does(ada: Person) -> None:
    with no_answer():
        answer = Client().get("/api/v1/docs", headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "temporarily_unavailable"
