"""The operator's pages about jobs and provider accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

import billing.credits
from accounts.models import User
from generations import providers
from generations.models import Generation, ProviderAccount, State
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create
from webhooks.secrets import unseal

pytestmark = pytest.mark.django_db
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def staff(*codenames: str) -> Client:
    user = User.objects.create_user("staff@example.com", "a-long-enough-passphrase")
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def act(client: Client, model: str, action: str, pk: int) -> None:
    body = {"action": action, "_selected_action": [str(pk)]}
    assert client.post(f"/admin/generations/{model}/", body, follow=True).status_code == 200


def account_form(**changes: Any) -> dict[str, Any]:
    return {
        "slug": "second",
        "dialect": "cloudsway",
        "base_url": "https://genaiapi.cloudsway.net",
        "endpoint_path": "abc",
        "model_names": "{}",
        "priority": "100",
        "parallel_tasks": "",
        "enabled": "on",
        "new_key": "ak-1",
        **changes,
    }


def test_the_operator_ends_a_job_and_releases_its_credits(
    ada: Person, cloudsway: ProviderAccount, operator: Client
) -> None:
    create(ada.api, SOUND)
    job = Generation.objects.get()
    act(operator, "generation", "fail_and_release", job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "canceled_by_operator")
    assert job.transitions.latest("pk").reason == "failed by op@example.com"
    assert billing.credits.balance(ada.workspace).held == 0


def test_who_may_only_look_cannot_release_credits(ada: Person, cloudsway: ProviderAccount) -> None:
    create(ada.api, SOUND)
    job = Generation.objects.get()
    act(staff("view_generation"), "generation", "fail_and_release", job.pk)
    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert billing.credits.balance(ada.workspace).held == 250_000


def test_it_shows_that_a_provider_does_not_answer(
    cloudsway: ProviderAccount, operator: Client
) -> None:
    rest = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)
    ProviderAccount.objects.filter(pk=cloudsway.pk).update(asking_failures=41, ask_after=rest)
    listed = operator.get("/admin/generations/provideraccount/").content.decode()
    assert '<td class="field-asking_failures">41</td>' in listed
    page = operator.get(f"/admin/generations/provideraccount/{cloudsway.pk}/change/")
    assert b"6 May 2031" in page.content
    assert b'name="ask' not in page.content


def test_who_may_only_look_cannot_resume_an_account(cloudsway: ProviderAccount) -> None:
    providers.pause(cloudsway, "1102")
    act(staff("view_provideraccount"), "provideraccount", "resume", cloudsway.pk)
    cloudsway.refresh_from_db()
    assert cloudsway.paused_at is not None


def test_it_makes_an_account(operator: Client) -> None:
    body = account_form(new_callback_secret=SECRET)
    response = operator.post("/admin/generations/provideraccount/add/", body)
    assert response.status_code == 302, response.content.decode()
    account = ProviderAccount.objects.get()
    assert providers.client_for(account).account.key == "ak-1"
    assert unseal(account.callback_secret) == SECRET


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"endpoint_path": ""}, "needs the endpoint path"),
        ({"new_key": "two words\u2026"}, "characters that no key has"),
        ({"new_access_key": "a", "new_secret_key": "b"}, "takes a key"),
        ({"base_url": "https://user:pass@example.com"}, "must have no user"),
        ({"model_names": "[1]"}, "Write it as"),
        ({"new_callback_secret": "secret"}, "whsec_"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_it_refuses_an_account_that_could_not_work(
    operator: Client, changes: dict[str, str], complaint: str
) -> None:
    response = operator.post("/admin/generations/provideraccount/add/", account_form(**changes))
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert complaint in str(errors)
    assert not ProviderAccount.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"unit_cost": "0.098"},
        {"unit_cost": ""},
        {"disabled_models": '["kling-v1-6", "text-to-audio", "image-to-video/kling-v3"]'},
        {"disabled_models": "[]"},
    ],
    ids=str,
)
def test_the_operator_says_what_an_account_costs_and_leaves_out(
    operator: Client, changes: dict[str, str]
) -> None:
    form = account_form(**changes)
    operator.post("/admin/generations/provideraccount/add/", form)
    account = ProviderAccount.objects.get(slug="second")
    assert str(account.unit_cost or "").rstrip("0") == changes.get("unit_cost", "").rstrip("0")
    assert account.disabled_models == json.loads(changes.get("disabled_models", "[]"))


@pytest.mark.parametrize(
    "changes",
    [
        {"unit_cost": "-0.1"},
        {"unit_cost": "NaN"},
        {"unit_cost": "1000001"},
        {"disabled_models": '"kling-v3"'},
        {"disabled_models": '["kling-v33"]'},
        {"disabled_models": '["text-to-audio/kling-v3"]'},
        {"disabled_models": "[1]"},
    ],
    ids=str,
)
def test_the_operators_slips_are_refused(operator: Client, changes: dict[str, str]) -> None:
    answer = operator.post("/admin/generations/provideraccount/add/", account_form(**changes))
    assert answer.status_code == 200
    assert f'id="id_{next(iter(changes))}_error"' in answer.content.decode()
    assert not ProviderAccount.objects.exists()
