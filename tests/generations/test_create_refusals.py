"""A wrong request names its field, before any provider call and any hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generations.models import Generation, ProviderAccount
from kling.simulator.server import RunningSimulator
from tests.conftest import Api, Person, make_person
from tests.generations.test_main_job import SOUND, VIDEO

pytestmark = pytest.mark.django_db

WRONG_BODIES: list[tuple[dict[str, Any], str, str]] = [
    ({**SOUND, "operation": "text-to-smell"}, "operation", "unknown_operation"),
    ({"input": {}}, "operation", "required"),
    ({"operation": "text-to-audio"}, "input", "required"),
    ({"operation": "text-to-audio", "input": []}, "input", "not_a_dict"),
    ({**SOUND, "colour": "red"}, "colour", "unknown_field"),
    ({**SOUND, "provider": "acme"}, "provider", "unknown_provider"),
    ({**SOUND, "quote_id": "quo_unknown"}, "quote_id", "unknown_quote"),
    ({**SOUND, "webhook_url": "ftp://example.com/"}, "webhook_url", "unsafe_address"),
    ({**SOUND, "metadata": "text"}, "metadata", "not_a_dict"),
    ({**SOUND, "metadata": {"note": "\x00"}}, "metadata", "invalid"),
]
WRONG_INPUTS: list[tuple[str, dict[str, Any], str]] = [
    ("text-to-audio", {"duration": 3}, "input.prompt"),
    ("text-to-audio", {"prompt": "x" * 201, "duration": 3}, "input.prompt"),
    ("text-to-audio", {"prompt": 7, "duration": 3}, "input.prompt"),
    ("text-to-audio", {"prompt": "rain", "duration": 2.9}, "input.duration"),
    ("text-to-audio", {"prompt": "rain", "duration": "long"}, "input.duration"),
    ("text-to-audio", {"prompt": "rain", "duration": 3, "volume": 2}, "input.volume"),
    ("text-to-audio", {"prompt": "a\x00b", "duration": 3}, "input.prompt"),
    ("text-to-video", {"prompt": "x" * 2501}, "input.prompt"),
    ("text-to-video", {"prompt": "sea", "model_name": "kling-v99"}, "input.model_name"),
    ("text-to-video", {"prompt": "sea", "duration": "16"}, "input.duration"),
    ("text-to-video", {"prompt": "sea", "mode": "8k"}, "input.mode"),
    ("text-to-video", {"prompt": "sea", "sound": "maybe"}, "input.sound"),
    ("text-to-video", {"prompt": "sea", "multi_shot": True}, "input.shot_type"),
    (
        "text-to-video",
        {"model_name": "kling-v2-5-turbo", "prompt": "sea", "duration": "7"},
        "input.duration",
    ),
]


def assert_nothing_happened(person: Person, simulator: RunningSimulator) -> None:
    assert not Generation.objects.exists()
    assert person.api.get("/credits").json()["held"] == "0"
    assert simulator.tasks() == []


@pytest.mark.parametrize(("body", "field", "code"), WRONG_BODIES, ids=lambda v: str(v)[:40])
def test_it_names_the_wrong_field_of_the_body(
    ada: Person,
    cloudsway: ProviderAccount,
    simulator: RunningSimulator,
    body: dict[str, Any],
    field: str,
    code: str,
) -> None:
    response = ada.api.post("/generations", body)
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem["charged"], problem["retryable"]) == (
        "invalid_input",
        False,
        False,
    )
    assert problem["request_id"] == response["X-Request-Id"]
    assert (problem["errors"][0]["field"], problem["errors"][0]["code"]) == (field, code)
    assert_nothing_happened(ada, simulator)


@pytest.mark.parametrize(("operation", "values", "field"), WRONG_INPUTS, ids=lambda v: str(v)[:40])
def test_it_names_the_wrong_field_of_the_input(
    ada: Person,
    cloudsway: ProviderAccount,
    simulator: RunningSimulator,
    operation: str,
    values: dict[str, Any],
    field: str,
) -> None:
    response = ada.api.post("/generations", {"operation": operation, "input": values})
    assert response.status_code == 422
    assert field in [error["field"] for error in response.json()["errors"]]
    assert_nothing_happened(ada, simulator)


@pytest.mark.parametrize(
    "body",
    ["{", "[]", '"text"', "null", "{'a': 1}", '{"a": NaN}', "[" * 100_000, '{"a": "\\ud800"}'],
    ids=lambda body: body[:12] or "empty",
)
def test_it_refuses_what_is_no_json_object(ada: Person, body: str) -> None:
    response = ada.api.client.post("/api/v1/generations", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["code"] == "malformed_request"


def test_it_refuses_what_is_no_json_at_all(ada: Person) -> None:
    response = ada.api.client.post("/api/v1/generations", {"operation": "text-to-audio"})
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


def test_it_refuses_too_large_a_body(ada: Person, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = json.dumps({**SOUND, "metadata": {"note": "x" * 2000}})
    response = ada.api.client.post("/api/v1/generations", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_it_needs_credits(db: None, cloudsway: ProviderAccount) -> None:
    poor = make_person("poor@example.com", credits="2")
    response = poor.api.post("/generations", VIDEO)
    assert response.status_code == 402
    problem = response.json()
    assert problem["code"] == "insufficient_credits"
    assert (problem["needed"], problem["available"]) == ("2.7", "2")
    assert not Generation.objects.exists()


def test_it_needs_a_key(nobody: Api) -> None:
    response = nobody.post("/generations", SOUND)
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def test_it_needs_a_provider(ada: Person) -> None:
    response = ada.api.post("/generations", SOUND)
    assert (response.status_code, response.json()["code"]) == (503, "provider_unavailable")
    assert response.json()["retryable"] is True


def test_it_answers_problems_for_unknown_addresses(ada: Person, nobody: Api) -> None:
    for path in ("/nowhere", "/generations/a%0Ab"):
        assert ada.api.get(path).json()["code"] == "not_found"
    assert nobody.get("/nowhere").json()["code"] == "not_authenticated"
    assert ada.api.delete("/operations").json()["code"] == "method_not_allowed"


def test_it_keeps_to_the_plan(db: None, cloudsway: ProviderAccount) -> None:
    person = make_person("free@example.com", credits="100", plan="free")
    limit = person.workspace.plan.running_jobs
    assert limit
    for _ in range(limit):
        assert person.api.post("/generations", SOUND).status_code == 202
    response = person.api.post("/generations", SOUND)
    assert (response.status_code, response.json()["code"]) == (429, "quota_exceeded")
    assert int(response["Retry-After"]) > 0
    assert response["RateLimit-Policy"]
    assert person.api.get("/credits").json()["held"] == "0.75"
