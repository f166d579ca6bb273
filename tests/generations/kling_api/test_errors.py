"""Every refusal is Kling's: its status, its code, its envelope, a message that names the field."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Plan
from billing.models import Hold
from generations.models import Generation, ProviderAccount
from kling import operations
from tests.conftest import make_person
from tests.generations.kling_api.conftest import KlingApi, refusal

pytestmark = pytest.mark.django_db
VIDEO, SOUND = "videos/text2video", "audio/text-to-audio"
WAVES = {"prompt": "Waves", "duration": 5}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (SOUND, {"duration": 5}, "prompt"),
        (SOUND, {"prompt": "Waves", "duration": 11}, "duration"),
        (SOUND, {"prompt": "x" * 201, "duration": 5}, "prompt"),
        (SOUND, {"prompt": 5, "duration": 5}, "prompt"),
        (VIDEO, {"prompt": "A fox", "mode": "best"}, "mode"),
        (VIDEO, {"prompt": "A fox", "model_name": "kling-v99"}, "model_name"),
        (VIDEO, {"prompt": "A fox", "duration": "99"}, "duration"),
        (VIDEO, {"prompt": "A \x00 fox"}, "prompt"),
        (SOUND, WAVES | {"external_task_id": "x" * 201}, "external_task_id"),
        (SOUND, WAVES | {"external_task_id": "a\x00b"}, "external_task_id"),
        (SOUND, WAVES | {"external_task_id": 17}, "external_task_id"),
        (SOUND, WAVES | {"callback_url": "ftp://example.com/"}, "callback_url"),
        (SOUND, WAVES | {"callback_url": ["https://example.com/"]}, "callback_url"),
    ],
)
def test_it_names_the_wrong_field(
    kling: KlingApi, cloudsway: ProviderAccount, path: str, body: Any, field: str
) -> None:
    answer = kling.post(path, body)

    assert refusal(answer) == (400, 1201)
    assert field in answer.json()["message"]
    assert "input." not in answer.json()["message"]
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()


def test_it_calls_no_private_address(
    kling: KlingApi, cloudsway: ProviderAccount, settings: Any
) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    answer = kling.post(SOUND, WAVES | {"callback_url": "https://127.0.0.1/hook"})

    assert refusal(answer) == (400, 1201)
    assert "callback_url" in answer.json()["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 5000])
def test_it_refuses_a_body_that_is_no_object(kling: KlingApi, body: bytes) -> None:
    path = f"/kling/v1/{SOUND}"

    assert refusal(kling.client.post(path, body, content_type="application/json")) == (400, 1200)


def test_it_says_that_a_body_is_empty(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    answer = kling.client.post(f"/kling/v1/{SOUND}", b"", content_type="application/json")

    assert refusal(answer) == (400, 1200)
    assert "empty" in answer.json()["message"]


def test_it_refuses_a_body_that_is_too_large(kling: KlingApi, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert refusal(kling.post(SOUND, WAVES)) == (400, 1200)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_it_refuses_a_wrong_method(kling: KlingApi, method: str) -> None:
    for path in (SOUND, f"{SOUND}/gen_1"):
        assert refusal(getattr(kling.client, method)(f"/kling/v1/{path}")) == (404, 1202)


def test_it_refuses_to_create_where_a_task_is(kling: KlingApi) -> None:
    assert refusal(kling.post(f"{SOUND}/gen_1", WAVES)) == (404, 1202)


@pytest.mark.parametrize("path", ["", "videos", "videos/text3video", "account/costs", "a\x00b"])
def test_it_refuses_an_unknown_endpoint(kling: KlingApi, path: str) -> None:
    assert refusal(kling.get(path)) == (404, 1203)
    assert refusal(kling.post(path, WAVES)) == (404, 1203)


def test_it_asks_for_the_key_before_it_says_what_there_is() -> None:
    assert refusal(KlingApi().get("videos/text3video")) == (401, 1001)


def test_it_answers_in_json_whatever_is_accepted(
    kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    headers = {"Accept": "text/html"}
    answer = kling.client.get(f"/kling/v1/{SOUND}", headers=headers)

    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_it_reads_json_whatever_it_is_called(kling: KlingApi, cloudsway: ProviderAccount) -> None:
    """curl -d calls it a form."""
    sent = b'{"prompt": "Waves", "duration": 5}'
    content_type = "application/x-www-form-urlencoded"
    answer = kling.client.post(f"/kling/v1/{SOUND}", sent, content_type=content_type)

    assert answer.json()["code"] == 0


def test_it_answers_in_json_where_middleware_refuses(kling: KlingApi, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["studio.example.com"]

    assert refusal(kling.get(SOUND)) == (400, 1200)


def test_it_answers_in_json_when_something_breaks(
    kling: KlingApi, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ROOT_URLCONF = "tests.generations.kling_api.broken_urls"
    kling.client.raise_request_exception = False
    for path in ("in-a-view", "in-django"):
        assert refusal(kling.get(path)) == (500, 5000)
    assert "broken on purpose" in caplog.text


def test_other_pages_keep_their_own_errors(db: None) -> None:
    for path in ("/no/such/page", "/kling/v10"):
        answer = Client().get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_it_refuses_without_credits(cloudsway: ProviderAccount) -> None:
    poor = make_person("poor@example.com", credits="0.2")
    answer = KlingApi(poor.api.key).post(SOUND, WAVES)

    assert refusal(answer) == (429, 1102)
    assert answer.json()["message"].startswith("Account balance not enough")


def test_it_refuses_more_tasks_than_the_plan_runs(cloudsway: ProviderAccount) -> None:
    person = make_person("free@example.com", credits="10", plan="free")
    for _ in range(person.workspace.plan.running_jobs or 0):
        KlingApi(person.api.key).create(SOUND, WAVES)

    assert refusal(KlingApi(person.api.key).post(SOUND, WAVES)) == (429, 1303)


def test_it_refuses_more_credits_than_the_plan_spends(
    kling: KlingApi, cloudsway: ProviderAccount
) -> None:
    Plan.objects.update(daily_credits=100_000)

    assert refusal(kling.post(SOUND, WAVES)) == (429, 1102)


def test_it_refuses_while_there_is_no_provider(kling: KlingApi) -> None:
    assert refusal(kling.post(SOUND, WAVES)) == (503, 5001)


@pytest.mark.parametrize("operation", operations.all_operations(), ids=lambda one: one.name)
def test_every_operation_has_its_endpoint(kling: KlingApi, operation: Any) -> None:
    assert kling.get(operation.path).json()["data"] == []
    answer = kling.get(f"{operation.path}/gen_nobody")
    assert refusal(answer) == (400, 1201)
    assert answer.json()["message"] == "Task not found by id/external id: gen_nobody"
