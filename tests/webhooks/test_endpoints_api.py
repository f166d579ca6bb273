"""Programs manage their endpoints and look at deliveries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.access import Actor
from accounts.models import AuditEvent, Scope
from tests.queue import drain_queue
from tests.webhooks.conftest import Api
from tests.webhooks.receiver import Receiver, status
from webhooks import endpoints
from webhooks.models import Endpoint

Add = Callable[..., Any]
PATH = "/webhook-endpoints"
URL = "https://example.com/hook"


def create(api: Api, **fields: Any) -> Any:
    answer = api("POST", PATH, {"url": URL, **fields})
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_it_creates_an_endpoint_and_shows_the_secret_once(api: Api) -> None:
    answer = api("POST", PATH, {"url": URL, "description": "Billing", "events": ["credits.low"]})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1{PATH}/{made['id']}"
    assert made["id"].startswith("whe_")
    assert made["secret"].startswith("whsec_")
    shown = api("GET", f"{PATH}/{made['id']}").json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert shown == {
        "id": made["id"],
        "url": URL,
        "description": "Billing",
        "events": ["credits.low"],
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        "previous_secret_expires_at": None,
        "created_at": shown["created_at"],
    }
    assert "secret" not in api("GET", PATH).json()["data"][0]
    event = AuditEvent.objects.get(action="webhook.created")
    assert event.detail == {"endpoint": made["id"], "url": URL}


def test_the_secret_is_not_stored_in_the_open(api: Api) -> None:
    made = create(api)
    row = Endpoint.objects.values().get()
    assert made["secret"] not in str(row)
    assert made["secret"].removeprefix("whsec_") not in str(row)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": None}, "url"),
        ({"url": ["https://example.com"]}, "url"),
        ({"url": URL, "events": ["generation.exploded"]}, "events.0"),
        ({"url": URL, "events": "credits.low"}, "events"),
        ({"url": URL, "description": "x" * 201}, "description"),
        ({"url": URL, "description": "a\u0000b"}, "description"),
        ({"url": URL, "event": []}, "event"),
        ({"url": URL, "secret": "whsec_mine"}, "secret"),
    ],
)
def test_it_names_the_wrong_field(api: Api, body: Any, field: str) -> None:
    answer = api("POST", PATH, body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Endpoint.objects.exists()


def test_it_limits_the_number_of_endpoints(api: Api, owner: Actor) -> None:
    for _ in range(20):
        endpoints.create(by=owner, url=URL)
    answer = api("POST", PATH, {"url": URL})
    assert answer.status_code == 422
    assert "at most 20" in answer.json()["errors"][0]["message"]
    first = api("GET", PATH).json()["data"][0]["id"]
    assert api("DELETE", f"{PATH}/{first}").status_code == 204
    create(api)


def test_it_lists_in_pages_newest_first(api: Api) -> None:
    made = [create(api)["id"] for _ in range(5)]
    first = api("GET", f"{PATH}?limit=2").json()
    second = api("GET", f"{PATH}?limit=2&cursor={first['next_cursor']}").json()
    third = api("GET", f"{PATH}?limit=2&cursor={second['next_cursor']}").json()
    pages = [[row["id"] for row in page["data"]] for page in (first, second, third)]
    assert pages == [made[4:2:-1], made[2:0:-1], made[:1]]
    assert third["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=-1", "limit"),
        ("limit=²", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%C3%A9", "cursor"),
        ("cursor=" + "OTk5" * 20, "cursor"),
    ],
)
def test_it_refuses_a_wrong_page(api: Api, query: str, field: str) -> None:
    answer = api("GET", f"{PATH}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_it_changes_what_is_given(api: Api) -> None:
    made = create(api, description="old", events=["credits.low"])
    path = f"{PATH}/{made['id']}"
    changed = api("PATCH", path, {"url": URL + "/2", "events": []}).json()
    assert (changed["url"], changed["description"], changed["events"]) == (URL + "/2", "old", [])
    off = api("PATCH", path, {"enabled": False}).json()
    assert (off["enabled"], off["disabled_reason"]) == (False, "by_hand")
    assert api("PATCH", path, {"enabled": True}).json()["disabled_reason"] is None
    assert api("PATCH", path, {}).status_code == 200


def test_a_refused_change_changes_nothing(api: Api) -> None:
    made = create(api)
    path = f"{PATH}/{made['id']}"
    answer = api("PATCH", path, {"description": "new", "url": "https://10.0.0.1/"})
    assert answer.status_code == 422
    assert api("GET", path).json()["description"] == ""


def test_a_deleted_endpoint_is_gone(api: Api) -> None:
    made = create(api)
    path = f"{PATH}/{made['id']}"
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert api("DELETE", path).status_code == 404
    assert api("GET", PATH).json()["data"] == []
    assert Endpoint.objects.get().sealed_secret == ""


def test_a_test_event_goes_out_and_stands_in_the_log(
    api: Api, receiver: Receiver, add: Add
) -> None:
    receiver.answers = [status(200, body=b"thanks")]
    endpoint, secret = add(events=["credits.low"])
    path = f"{PATH}/{endpoint.public_id}"
    answer = api("POST", f"{path}/test")
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["log"]) == ("pending", [])
    drain_queue()
    [request] = receiver.received
    assert request.verified(secret)["data"] == {"endpoint": endpoint.public_id}
    [shown] = api("GET", f"{path}/deliveries").json()["data"]
    assert shown["id"] == answer.json()["id"]
    assert (shown["status"], shown["attempts"], shown["next_attempt_at"]) == ("delivered", 1, None)
    assert shown["message_id"] == request.headers["webhook-id"]
    assert shown["body"] == request.verified(secret)
    [attempt] = shown["log"]
    assert (attempt["status_code"], attempt["response_excerpt"]) == (200, "thanks")
    assert attempt["error"] is None
    assert attempt["url"] == receiver.url
    assert "webhook-signature" not in attempt["request_headers"]
    assert attempt["request_headers"]["webhook-id"] == shown["message_id"]


def test_it_redelivers_the_same_message(api: Api, receiver: Receiver, add: Add) -> None:
    endpoint, secret = add()
    path = f"{PATH}/{endpoint.public_id}"
    sent = api("POST", f"{path}/test").json()
    drain_queue()
    again = api("POST", f"{path}/deliveries/{sent['id']}/redeliver")
    assert again.status_code == 202
    assert again.json()["status"] == "pending"
    drain_queue()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.verified(secret) == second.verified(secret)
    [shown] = api("GET", f"{path}/deliveries").json()["data"]
    assert [attempt["number"] for attempt in shown["log"]] == [1, 2]


def test_a_redelivery_starts_the_schedule_anew(
    api: Api, owner: Actor, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add(url="https://10.0.0.1/")
    path = f"{PATH}/{endpoint.public_id}"
    receiver.answers = [status(410), status(500)]
    endpoints.change(by=owner, public_id=endpoint.public_id, url=receiver.url)
    sent = api("POST", f"{path}/test").json()
    drain_queue()
    assert api("GET", f"{path}/deliveries").json()["data"][0]["status"] == "failed"
    api("PATCH", path, {"enabled": True})
    api("POST", f"{path}/deliveries/{sent['id']}/redeliver")
    before = datetime.now(UTC)
    drain_queue()
    [shown] = api("GET", f"{path}/deliveries").json()["data"]
    assert (shown["status"], shown["attempts"]) == ("pending", 2)
    wait = datetime.fromisoformat(shown["next_attempt_at"]) - before
    assert wait < timedelta(seconds=60)


def test_it_redelivers_all_that_failed(api: Api, receiver: Receiver, add: Add) -> None:
    endpoint, _ = add()
    path = f"{PATH}/{endpoint.public_id}"
    receiver.answers = [status(410), status(200)]
    api("POST", f"{path}/test")
    drain_queue()
    api("PATCH", path, {"enabled": True})
    api("POST", f"{path}/test")
    drain_queue()
    late = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    early = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert api("POST", f"{path}/redeliver", {"since": late}).json() == {"count": 0}
    answer = api("POST", f"{path}/redeliver", {"since": early})
    assert (answer.status_code, answer.json()) == (202, {"count": 1})
    drain_queue()
    states = [row["status"] for row in api("GET", f"{path}/deliveries").json()["data"]]
    assert states == ["delivered", "delivered"]
    assert api("POST", f"{path}/redeliver", {}).status_code == 422


def test_another_workspaces_endpoint_looks_absent(
    api: Api, stranger: Actor, receiver: Receiver, add: Add
) -> None:
    endpoint, _ = add()
    path = f"{PATH}/{endpoint.public_id}"
    sent = api("POST", f"{path}/test").json()
    other = Api(stranger)
    theirs = create(other, url=receiver.url)
    assert [row["id"] for row in other("GET", PATH).json()["data"]] == [theirs["id"]]
    for method, tail, body in [
        ("GET", "", None),
        ("PATCH", "", {"enabled": False}),
        ("DELETE", "", None),
        ("POST", "/rotate-secret", None),
        ("POST", "/test", None),
        ("GET", "/deliveries", None),
        ("POST", "/redeliver", {"since": "2026-01-01T00:00:00Z"}),
        ("POST", f"/deliveries/{sent['id']}/redeliver", None),
    ]:
        answer = other(method, path + tail, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, tail)
    mixed = f"{PATH}/{theirs['id']}/deliveries/{sent['id']}/redeliver"
    assert other("POST", mixed).status_code == 404
    assert api("GET", path).json()["enabled"] is True


def test_a_key_that_may_only_read_changes_nothing(api: Api, owner: Actor) -> None:
    made = create(api)
    reader = Api(owner, Scope.READ)
    path = f"{PATH}/{made['id']}"
    assert reader("GET", path).status_code == 200
    assert reader("GET", f"{path}/deliveries").status_code == 200
    for method, target, body in [
        ("POST", PATH, {"url": URL}),
        ("PATCH", path, {"enabled": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/rotate-secret", None),
        ("POST", f"{path}/test", None),
        ("GET", f"{PATH}/signing-secret", None),
        ("POST", f"{PATH}/signing-secret/rotate", None),
    ]:
        answer = reader(method, target, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), target


def test_it_needs_a_key(db: None) -> None:
    answer = Client().get(f"/api/v1{PATH}")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_it_says_plainly_that_a_list_is_needed(api: Api) -> None:
    answer = api("POST", PATH, {"url": URL, "events": "credits.low"})
    (error,) = answer.json()["errors"]
    assert (error["field"], error["message"]) == ("events", "This must be a list.")
