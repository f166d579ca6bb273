"""Every endpoint of both APIs, asked with a key of each single permission.

The endpoints come from the URL configuration: a new one fails here until the table says what it
needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from accounts.access import Actor
from accounts.keys import create_key
from accounts.models import Role, Scope
from tests.conftest import Person

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")
READ, WRITE, BILLING, APPROVE = Scope.READ, Scope.WRITE, Scope.BILLING, Scope.APPROVE
ENDPOINT = "webhook-endpoints/<slug:endpoint_id>"
TABLE: dict[tuple[str, str], Scope | None] = {
    ("get", "generations"): READ,
    ("post", "generations"): WRITE,
    ("get", "generations/<slug:public_id>"): READ,
    ("delete", "generations/<slug:public_id>"): WRITE,
    ("post", "generations/<slug:public_id>/cancel"): WRITE,
    ("post", "generations/<slug:public_id>/approve"): APPROVE,
    ("post", "generations/<slug:public_id>/reject"): APPROVE,
    ("post", "quotes"): READ,
    ("post", "faces"): WRITE,
    ("get", "faces/<slug:public_id>"): READ,
    ("get", "operations"): READ,
    ("get", "operations/<str:name>"): READ,
    ("post", "uploads"): WRITE,
    ("get", "assets/<slug:public_id>"): READ,
    ("get", "assets/<slug:public_id>/content"): READ,
    ("get", "spending"): READ,
    ("get", "usage"): READ,
    ("get", "credits"): READ,
    ("get", "credits/entries"): READ,
    ("get", "credits/top-up"): READ,
    ("get", "subscription"): READ,
    ("get", "packs"): READ,
    ("post", "checkouts"): BILLING,
    ("get", "webhook-endpoints"): READ,
    ("post", "webhook-endpoints"): WRITE,
    ("get", "webhook-endpoints/signing-secret"): WRITE,  # whoever has it can sign as we do
    ("post", "webhook-endpoints/signing-secret/rotate"): WRITE,
    ("get", ENDPOINT): READ,
    ("patch", ENDPOINT): WRITE,
    ("delete", ENDPOINT): WRITE,
    ("post", f"{ENDPOINT}/rotate-secret"): WRITE,
    ("post", f"{ENDPOINT}/test"): WRITE,
    ("get", f"{ENDPOINT}/deliveries"): READ,
    ("post", f"{ENDPOINT}/redeliver"): WRITE,
    ("post", f"{ENDPOINT}/deliveries/<slug:delivery_id>/redeliver"): WRITE,
    ("get", "schema"): None,  # open to everybody
    ("get", "docs"): None,
    ("get", "kling/v1/<endpoint:operation>"): READ,
    ("post", "kling/v1/<endpoint:operation>"): WRITE,
    ("get", "kling/v1/<endpoint:operation>/<path:task_id>"): READ,
}


def leads_nowhere(route: str) -> bool:
    """Of the views that answer at every other address."""
    return "^" in route or route == "api/v1/"


def endpoints(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from endpoints(pattern, route)
        elif route.startswith(("api/v1/", "kling/v1/")) and not leads_nowhere(route):
            view = getattr(pattern.callback, "cls", None) or pattern.callback.view_class
            names = set(METHODS) & set(view.http_method_names)
            for method in sorted(name for name in names if hasattr(view, name)):
                yield method, route.removeprefix("api/v1/")


def test_the_table_names_every_endpoint() -> None:
    assert set(endpoints()) == set(TABLE)


@pytest.fixture
def programs(ada: Person) -> dict[Scope | None, Client]:
    """One with each permission alone, and one (None) without a key."""
    owner = Actor(workspace=ada.workspace, user=ada.user, role=Role.OWNER)
    found: dict[Scope | None, Client] = {None: Client()}
    for scope in Scope:
        _, text = create_key(by=owner, label=scope.label, scopes={scope})
        found[scope] = Client(headers={"Authorization": f"Bearer {text}"})
    return found


def ask(program: Client, method: str, route: str) -> int:
    path = route.replace("<endpoint:operation>", "videos/text2video")
    path = re.sub(r"<\w+:\w+>", "nothing-of-this-name", path)
    prefix = "/" if path.startswith("kling/") else "/api/v1/"
    sent = {"data": {"none": 1}, "content_type": "application/json"} if method != "get" else {}
    return int(getattr(program, method)(prefix + path, **sent).status_code)


def test_each_endpoint_takes_the_permission_it_names_and_no_other(
    programs: dict[Scope | None, Client],
) -> None:
    wrong = {}
    for (method, route), needed in TABLE.items():
        answers = {scope: ask(program, method, route) for scope, program in programs.items()}
        without_key = answers.pop(None)
        refused = {scope for scope, status in answers.items() if status == 403}
        expected = set() if needed is None else set(Scope) - {needed}
        if refused != expected or (without_key == 401) == (needed is None):
            wrong[method, route] = (without_key, answers)
    assert wrong == {}
