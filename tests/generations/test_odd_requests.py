"""What no sane program sends: refused like any other mistake, never an error of ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from generations.models import ProviderAccount
from tests.conftest import Person
from tests.generations.test_main_job import SOUND

pytestmark = pytest.mark.django_db
START = '{"operation": "text-to-audio", "input": {"prompt": "rain", "duration": 3}, "metadata": '


def post(person: Person, metadata: str) -> Any:
    body = START + metadata + "}"
    return person.api.client.post("/api/v1/generations", body, content_type="application/json")


def test_it_refuses_infinity_in_metadata(ada: Person, cloudsway: ProviderAccount) -> None:
    response = post(ada, '{"n": [1e999]}')
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "metadata"


def test_it_refuses_infinity_in_the_input(ada: Person, cloudsway: ProviderAccount) -> None:
    body = '{"operation": "text-to-audio", "input": {"prompt": "rain", "duration": 1e999}}'
    response = ada.api.client.post("/api/v1/generations", body, content_type="application/json")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "input.duration"


@pytest.mark.parametrize("depth", [150, 800, 850, 870, 890, 910, 930, 950])
def test_it_refuses_what_is_too_deep_to_be_written(
    ada: Person, cloudsway: ProviderAccount, depth: int
) -> None:
    """The JSON reader takes a few levels more than any writer of ours can."""
    response = post(ada, '{"a":' * depth + "1" + "}" * depth)
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")


def test_it_keeps_a_backslash_in_metadata(ada: Person, cloudsway: ProviderAccount) -> None:
    metadata = {"folder": "C:\\x00", "nested": [{"a": 1.5}]}
    response = ada.api.post("/generations", {**SOUND, "metadata": metadata})
    assert (response.status_code, response.json()["metadata"]) == (202, metadata)


@pytest.mark.parametrize("metadata", [{"a": ["\x00"]}, {"\x00": 1}], ids=["value", "name"])
def test_it_refuses_nul_in_metadata(
    ada: Person, cloudsway: ProviderAccount, metadata: dict[str, Any]
) -> None:
    response = ada.api.post("/generations", {**SOUND, "metadata": metadata})
    assert response.status_code == 422


@pytest.mark.parametrize(
    "path",
    ["generations/gen_%00", "assets/%00", "webhook-endpoints/%00", "operations/%00"],
)
def test_it_knows_no_address_with_a_nul(ada: Person, path: str) -> None:
    response = ada.api.client.get(f"/api/v1/{path}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_it_knows_no_hook_with_a_nul(db: None) -> None:
    assert Client().post("/hooks/kling/%00").status_code == 404


@pytest.mark.parametrize("day", ["0001-01-05", "9999-12-31"])
def test_it_counts_usage_at_the_ends_of_time(ada: Person, day: str) -> None:
    response = ada.api.get("/usage", to=day)
    assert (response.status_code, response.json()["data"]) == (200, [])


def test_it_refuses_a_thousand_form_fields(ada: Person) -> None:
    fields = {f"field{number}": "1" for number in range(1001)}
    response = ada.api.client.post("/api/v1/uploads", fields)
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("field", ["input", "metadata"])
@pytest.mark.parametrize("value", ["text", [1], 5], ids=str)
def test_it_says_plainly_that_an_object_is_needed(
    ada: Person, cloudsway: ProviderAccount, field: str, value: object
) -> None:
    response = ada.api.post("/generations", {**SOUND, field: value})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert (error["field"], error["message"]) == (field, "This must be an object.")


@pytest.mark.parametrize("number", ["1" * 5000, "-" + "1" * 5000, "[" + "1" * 5000 + "]"])
def test_it_says_plainly_that_a_number_is_too_long(
    ada: Person, cloudsway: ProviderAccount, number: str
) -> None:
    response = post(ada, f'{{"a": {number}}}')
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")
    assert response.json()["detail"] == "A number is too long."


def test_it_says_plainly_that_a_body_is_no_text(ada: Person) -> None:
    path = "/api/v1/generations"
    response = ada.api.client.post(path, b'{"a": "\xff"}', content_type="application/json")
    assert response.status_code == 400
    assert response.json()["detail"] == "The body is not valid UTF-8 JSON."


def test_it_still_says_where_json_breaks(ada: Person) -> None:
    path = "/api/v1/generations"
    response = ada.api.client.post(path, '{"a": 1,}', content_type="application/json")
    assert response.status_code == 400
    assert "line 1 column" in response.json()["detail"]


def test_a_parameter_named_format_is_one_that_nobody_knows(ada: Person) -> None:
    assert ada.api.get("/credits?format=api").json() == ada.api.get("/credits").json()


@pytest.mark.parametrize("path", ["generations", "quotes", "checkouts", "webhook-endpoints"])
@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded"])
def test_it_says_that_a_body_is_empty(ada: Person, path: str, media_type: str) -> None:
    response = ada.api.client.post(f"/api/v1/{path}", b"", content_type=media_type)
    assert (response.status_code, response.json()["code"]) == (400, "malformed_request")
    assert "empty" in response.json()["detail"]
