from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from django.test import Client

from accounts.access import Actor
from accounts.keys import create_pair
from accounts.models import ApiKey, Role
from tests.conftest import Person
from tests.webhooks.receiver import Receiver, running


class KlingApi:
    """A program that sends raw requests below `/kling/v1`."""

    def __init__(self, key: str = "", **headers: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/kling/v1/{path}", query)

    def post(self, path: str, body: Any = None) -> Any:
        sent = {} if body is None else body
        return self.client.post(f"/kling/v1/{path}", sent, content_type="application/json")

    def create(self, path: str, body: Any) -> dict[str, Any]:
        """`data` of the answer, which must be a yes."""
        answer = self.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (200, 0), answer.content
        return dict(answer.json()["data"])

    def task(self, path: str, task_id: str) -> dict[str, Any]:
        answer = self.get(f"{path}/{task_id}")
        assert (answer.status_code, answer.json()["code"]) == (200, 0), answer.content
        return dict(answer.json()["data"])


def refusal(answer: Any) -> tuple[int, int]:
    """(HTTP status, Kling's code) of a refusal, whose envelope must be whole."""
    body = answer.json()
    assert set(body) == {"code", "message", "request_id"}
    assert body["message"]
    assert body["request_id"] == answer["X-Request-Id"]
    return answer.status_code, body["code"]


def owner_of(person: Person) -> Actor:
    return Actor(workspace=person.workspace, user=person.user, role=Role.OWNER)


@pytest.fixture
def kling(ada: Person) -> KlingApi:
    return KlingApi(ada.api.key)


@pytest.fixture
def pair(ada: Person) -> tuple[ApiKey, str]:
    return create_pair(by=owner_of(ada), label="signs")


def token(access_key: str, secret: str, *, begins: int = -5, ends: int = 1800, **more: Any) -> str:
    """As Kling's own example makes it; times in seconds from now."""
    now = int(time.time())
    claims = {"iss": access_key, "exp": now + ends, "nbf": now + begins, **more}
    return jwt.encode(claims, secret, algorithm="HS256")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running() as found:
        yield found
