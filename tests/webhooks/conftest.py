from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts import keys
from accounts.access import Actor
from accounts.models import Role, Scope
from tests.conftest import Person
from tests.webhooks.receiver import Receiver, running
from webhooks import endpoints
from webhooks.models import Endpoint


@pytest.fixture
def receiver(as_in_production: None, settings: Any) -> Iterator[Receiver]:
    settings.FETCH_ALLOW_PRIVATE = True
    with running() as found:
        yield found


@pytest.fixture(autouse=True)
def as_in_production(quick_timers: None, settings: Any) -> None:
    """Real waits, by a clock that the tests move, and no private addresses but the receiver's."""
    settings.TIMER_SCALE = 1
    settings.FETCH_ALLOW_PRIVATE = False


def owner_of(person: Person) -> Actor:
    return Actor(workspace=person.workspace, user=person.user, role=Role.OWNER)


@pytest.fixture
def owner(ada: Person) -> Actor:
    return owner_of(ada)


@pytest.fixture
def stranger(charlie: Person) -> Actor:
    """Owns another workspace."""
    return owner_of(charlie)


class Api:
    """JSON requests with an API key."""

    def __init__(self, actor: Actor, *scopes: Scope) -> None:
        chosen = scopes or (Scope.READ, Scope.WRITE)
        _key, secret = keys.create_key(by=actor, label="tests", scopes=chosen)
        self._client = Client(headers={"Authorization": f"Bearer {secret}"})

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        url = f"/api/v1{path}"
        if body is None:
            return self._client.generic(method, url)
        return getattr(self._client, method.lower())(url, body, content_type="application/json")


@pytest.fixture
def api(owner: Actor) -> Api:
    return Api(owner)


@pytest.fixture
def add(owner: Actor, receiver: Receiver) -> Callable[..., tuple[Endpoint, str]]:
    """Adds an endpoint of Ada's at the receiver."""

    def add_endpoint(**fields: Any) -> tuple[Endpoint, str]:
        return endpoints.create(by=owner, **{"url": receiver.url, **fields})

    return add_endpoint
