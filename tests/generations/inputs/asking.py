"""Short ways to requests that bring files along, and to what became of them."""

from __future__ import annotations

import base64
import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from generations.models import Upload
from kling.simulator.server import RunningSimulator
from tests.conftest import Api, Person
from tests.generations import media


def film_of(image: str, **fields: Any) -> dict[str, Any]:
    """A request for a video that begins with `image`."""
    values = {"image": image, "prompt": "It moves", "mode": "std", "duration": "3", **fields}
    return {"operation": "image-to-video", "input": values}


def upload(api: Api, content: bytes, name: str = "file") -> str:
    response = api.client.post("/api/v1/uploads", {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 201, response.content
    return str(response.json()["id"])


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def picture() -> bytes:
    return media.flat_png()


def created(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    response = api.post("/generations", body)
    assert response.status_code == 202, response.content
    answer: dict[str, Any] = response.json()
    return answer


def refusal(api: Api, body: dict[str, Any], *, path: str = "/generations") -> tuple[str, str, str]:
    """Field, code and message of the one error."""
    response = api.post(path, body)
    assert response.status_code == 422, response.content
    [error] = response.json()["errors"]
    return error["field"], error["code"], error["message"]


def wire(simulator: RunningSimulator) -> dict[str, Any]:
    """The body of the last submission, as the provider got it."""
    body: dict[str, Any] = json.loads(simulator.submissions()[-1]["body"])
    return body


def kept(person: Person) -> list[str]:
    """SHA-256 of every upload of a workspace, oldest first."""
    rows = Upload.objects.filter(workspace=person.workspace).order_by("pk")
    return [row.sha256 for row in rows]
