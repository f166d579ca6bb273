"""The description is valid OpenAPI 3.1, names every address of the API, and needs no other host."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from generations import offering
from kling.schema import input_schema
from tests.conftest import Person
from tests.generations.test_main_job import SOUND
from tests.kling.inputs import SMALLEST

pytestmark = pytest.mark.django_db

ADDRESSES = {
    "/api/v1/generations": {"get", "post"},
    "/api/v1/generations/{public_id}": {"get", "delete"},
    "/api/v1/generations/{public_id}/cancel": {"post"},
    "/api/v1/quotes": {"post"},
    "/api/v1/operations": {"get"},
    "/api/v1/operations/{name}": {"get"},
    "/api/v1/uploads": {"post"},
    "/api/v1/assets/{public_id}": {"get"},
    "/api/v1/assets/{public_id}/content": {"get"},
    "/api/v1/credits": {"get"},
    "/api/v1/credits/entries": {"get"},
    "/api/v1/usage": {"get"},
    "/api/v1/packs": {"get"},
    "/api/v1/checkouts": {"post"},
    "/api/v1/webhook-endpoints": {"get", "post"},
}


@pytest.fixture
def schema() -> dict[str, Any]:
    response = Client().get("/api/v1/schema")
    assert response.status_code == 200
    return response.json()


def test_it_is_valid(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(schema).iter_errors()) == []


def test_it_names_every_address(schema: dict[str, Any]) -> None:
    for path, methods in ADDRESSES.items():
        assert methods <= set(schema["paths"][path]), path


def test_it_documents_the_problem_answers(schema: dict[str, Any]) -> None:
    answers = schema["paths"]["/api/v1/generations"]["post"]["responses"]
    for status in ("400", "401", "402", "409", "422", "429", "503"):
        assert list(answers[status]["content"]) == ["application/problem+json"]


def test_a_create_has_the_input_of_each_operation(schema: dict[str, Any]) -> None:
    check = Draft202012Validator(schema | {"$ref": "#/components/schemas/Create"})
    for operation in offering.listed():
        whole = {"operation": operation.name, "input": SMALLEST[operation.name]}
        assert list(check.iter_errors(whole | {"metadata": {"mine": 1}})) == []
        odd_input = SMALLEST[operation.name] | {"surprise": 1}
        for wrong in ({"surprise": 1}, {"input": odd_input}, {"operation": "dance"}):
            assert not check.is_valid(whole | wrong), (operation.name, wrong)


def test_an_input_is_described_as_it_is_declared(schema: dict[str, Any]) -> None:
    described = schema["components"]["schemas"]["TextToVideoInput"]
    assert described == input_schema("text-to-video")
    body = schema["paths"]["/api/v1/quotes"]["post"]["requestBody"]["content"]
    assert body["application/json"]["schema"] == {"$ref": "#/components/schemas/Create"}


def test_its_page_needs_no_other_host(settings: Any) -> None:
    page = Client().get("/api/v1/docs").content.decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert links
    assert [link for link in links if link.startswith(("http", "//"))] == []


@pytest.mark.parametrize("wait", ["wait=61", "wait=999"])
def test_it_refuses_to_wait_longer(ada: Person, cloudsway: Any, wait: str) -> None:
    response = ada.api.post("/generations", SOUND, Prefer=wait)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Prefer"


def test_it_lists_operations_with_their_schemas(ada: Person, cloudsway: Any) -> None:
    found = {row["name"]: row for row in ada.api.get("/operations").json()["data"]}
    assert {"text-to-video", "text-to-audio"} <= set(found)
    video = ada.api.get("/operations/text-to-video").json()
    assert video == found["text-to-video"]
    assert video["providers"] == ["cloudsway"]
    assert video["input_schema"]["properties"]["prompt"]["maxLength"] == 2500
    assert "kling-v3" in [model["name"] for model in video["models"]]
    assert ada.api.get("/operations/none").status_code == 404
