"""Requests a minute, by key and by address, on both APIs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import rates
from accounts.access import Actor
from accounts.keys import create_key, create_pair
from accounts.models import ApiKey, Plan, RequestCount, Scope
from tests.conftest import Api, Person, make_account
from tests.generations.kling_api.conftest import KlingApi, refusal, token

pytestmark = pytest.mark.django_db
START = "2026-03-01T12:00:00Z"
LIMIT = 3
KLING_PATH = "audio/text-to-audio"
REMAINING = re.compile(r'"(?P<policy>\w+)";r=(?P<left>\d+);t=(?P<reset>\d+)')


@pytest.fixture
def limited(ada: Person) -> Person:
    plan = Plan.objects.create(slug="small", name="Small", requests_per_minute=LIMIT)
    ada.workspace.plan = plan
    ada.workspace.save(update_fields=["plan"])
    return ada


def left(answer: Any, policy: str = "requests") -> int:
    found = REMAINING.fullmatch(answer["RateLimit"])
    assert found, answer["RateLimit"]
    assert found["policy"] == policy
    assert 1 <= int(found["reset"]) <= 60
    return int(found["left"])


def forge(**headers: str) -> Client:
    return Client(headers={"Authorization": "Bearer ks_wrong", **headers})


def test_it_counts_down_and_then_refuses(limited: Person) -> None:
    answers = [limited.api.get("/credits") for _ in range(LIMIT + 2)]

    assert [answer.status_code for answer in answers] == [200] * LIMIT + [429] * 2
    assert [left(answer) for answer in answers] == [2, 1, 0, 0, 0]
    assert {answer["RateLimit-Policy"] for answer in answers} == {f'"requests";q={LIMIT};w=60'}


def test_the_refusal_says_when_to_come_back(limited: Person) -> None:
    for _ in range(LIMIT):
        limited.api.get("/credits")
    refused = limited.api.get("/credits")

    assert refused["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["code"], problem["retryable"]) == ("rate_limited", True)
    assert f"at most {LIMIT} a minute" in problem["detail"]
    found = REMAINING.fullmatch(refused["RateLimit"])
    assert found
    assert refused["Retry-After"] == found["reset"]


def test_it_lets_in_again_after_the_minute(limited: Person) -> None:
    name = f"requests:{limited.workspace.api_keys.get().pk}"
    for _ in range(LIMIT + 1):
        limited.api.get("/credits")
    wait = int(limited.api.get("/credits")["Retry-After"])
    # As if it were so much later; the clock that counts may be the database's.
    row = RequestCount.objects.get(key=name)
    RequestCount.objects.filter(key=name).update(started=row.started - wait)

    assert limited.api.get("/credits").status_code == 200


def test_every_answer_says_it_and_counts_once(limited: Person) -> None:
    """Also what is not found, not permitted and not readable."""
    Plan.objects.filter(slug="small").update(requests_per_minute=50)
    api = limited.api
    answers = [
        api.get("/credits"),
        api.get("/generations/gen_nowhere"),
        api.get("/no/such/place"),
        api.delete("/credits"),
        api.client.post("/api/v1/generations", b"{", content_type="application/json"),
        api.client.post("/api/v1/generations", {}, content_type="application/json"),
        api.client.options("/api/v1/credits"),
        api.client.head("/api/v1/credits"),
        api.client.get("/kling/v1/no/such/place"),
    ]

    assert [left(answer) for answer in answers] == list(range(49, 40, -1))


def test_a_key_without_the_permission_is_counted_too(limited: Person, owner: Actor) -> None:
    owner.workspace.plan = limited.workspace.plan
    api = Api(create_key(by=owner, label="looks", scopes={Scope.READ})[1])
    answers = [api.post("/generations") for _ in range(LIMIT + 1)]

    assert [answer.status_code for answer in answers] == [403] * LIMIT + [429]


def test_a_quota_stands_beside_it(limited: Person) -> None:
    make_account("http://127.0.0.1:9")
    body = {"operation": "text-to-audio", "input": {"prompt": "Rain", "duration": 5}}
    Plan.objects.filter(slug="small").update(running_jobs=0)
    refused = limited.api.post("/generations", body)

    assert refused.json()["code"] == "quota_exceeded"
    assert refused["RateLimit"].startswith('"requests";r=2;')
    assert refused["RateLimit"].endswith(', "running_jobs";r=0')
    assert refused["RateLimit-Policy"] == f'"requests";q={LIMIT};w=60, "running_jobs";q=0'


def test_each_key_has_its_own(limited: Person, owner: Actor) -> None:
    other = Api(create_key(by=owner, label="other")[1])
    for _ in range(LIMIT + 1):
        limited.api.get("/credits")

    assert limited.api.get("/credits").status_code == 429
    assert left(other.get("/credits")) == 2


def test_one_key_is_one_on_both_apis(limited: Person) -> None:
    kling = KlingApi(limited.api.key)

    assert left(kling.get(KLING_PATH)) == 2
    assert left(limited.api.get("/credits")) == 1
    assert left(kling.get(KLING_PATH)) == 0
    refused = kling.get(KLING_PATH)
    assert refusal(refused) == (429, 1302)
    assert 1 <= int(refused["Retry-After"]) <= 60


def test_the_tokens_of_a_pair_are_one_key(limited: Person, owner: Actor) -> None:
    key, secret = create_pair(by=owner, label="signs")
    tokens = [token(key.access_key, secret, ends=60 + number) for number in range(LIMIT + 1)]
    answers = [KlingApi(text).get(KLING_PATH) for text in tokens]

    assert [answer.status_code for answer in answers] == [200] * LIMIT + [429]


def test_an_unlimited_plan_costs_no_statement_and_has_no_header(ada: Person) -> None:
    ada.api.get("/operations")
    with CaptureQueriesContext(connection) as queries:
        answer = ada.api.get("/operations")

    assert "RateLimit" not in answer
    assert not [q for q in queries if "requestcount" in q["sql"]]


def test_a_limit_costs_one_statement(limited: Person) -> None:
    limited.api.get("/operations")
    with CaptureQueriesContext(connection) as queries:
        limited.api.get("/operations")

    assert len([q for q in queries if "requestcount" in q["sql"]]) == 1


@pytest.mark.parametrize("header", [None, "Bearer ks_wrong", "Basic dXNlcjpwYXNz"])
def test_who_has_no_good_key_counts_by_address(
    settings: Any, ada: Person, header: str | None
) -> None:
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = LIMIT
    visitor = Client(headers={"Authorization": header} if header else None)
    answers = [visitor.get("/api/v1/credits") for _ in range(LIMIT + 1)]

    assert [answer.status_code for answer in answers] == [401] * LIMIT + [429]
    assert left(answers[-1], "address") == 0
    assert "Retry-After" in answers[-1]
    assert visitor.get("/api/v1/schema").status_code == 429
    assert refusal(visitor.get(f"/kling/v1/{KLING_PATH}")) == (429, 1302)
    # Neighbours behind the same address with a good key are not locked out.
    assert ada.api.get("/credits").status_code == 200


def test_the_description_of_the_api_is_limited_by_address(settings: Any) -> None:
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = 1

    assert [Client().get("/api/v1/docs").status_code for _ in range(2)] == [200, 429]


def test_zero_means_that_addresses_are_not_limited(settings: Any) -> None:
    settings.ANONYMOUS_REQUESTS_PER_MINUTE = 0

    assert "RateLimit" not in forge().get("/api/v1/credits")
    assert not RequestCount.objects.exists()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted"),
    [
        (0, "203.0.113.9", "127.0.0.1"),  # nobody stands in front: a client has written it
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the left one is the client's own word
        (2, "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),  # did not come through both
        (1, "", "127.0.0.1"),
        (1, "nonsense", "127.0.0.1"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::"),
        (1, "2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_it_finds_the_address_behind_proxies(
    settings: Any, proxies: int, forwarded: str, counted: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert forge(**headers).get("/api/v1/credits").status_code == 401
    assert RequestCount.objects.get().key == f"address:{counted}"


def test_a_socket_without_addresses_is_one_visitor() -> None:
    assert forge().get("/api/v1/credits", REMOTE_ADDR="").status_code == 401
    assert RequestCount.objects.get().key == "address:unknown"


@pytest.mark.parametrize("minutes", [-120, -5, 5, 120])
def test_a_clock_that_jumps_does_no_harm(limited: Person, minutes: int) -> None:
    with time_machine.travel(START, tick=False) as clock:
        for _ in range(LIMIT + 1):
            before = limited.api.get("/credits")
        clock.shift(timedelta(minutes=minutes))
        after = limited.api.get("/credits")

    assert before.status_code == 429
    # Where the database's clock counts, it did not jump.
    assert after.status_code == (429 if connection.vendor == "postgresql" else 200)
    assert 1 <= int(REMAINING.fullmatch(after["RateLimit"])["reset"]) <= 60  # type: ignore[index]


def test_a_clock_that_is_a_little_behind_forgets_nothing(limited: Person) -> None:
    with time_machine.travel(START, tick=False) as clock:
        limited.api.get("/credits")
        clock.shift(timedelta(seconds=-2))
        assert left(limited.api.get("/credits")) == 1


def test_it_forgets_who_does_not_come_back(limited: Person) -> None:
    limited.api.get("/credits")
    rates.forget()
    assert RequestCount.objects.count() == 1
    RequestCount.objects.update(started=1.0)
    rates.forget()
    assert not RequestCount.objects.exists()


def test_a_refused_request_is_no_use_of_the_key(limited: Person) -> None:
    for _ in range(LIMIT):
        limited.api.get("/credits")
    ApiKey.objects.update(last_used_at=None)

    assert limited.api.get("/credits").status_code == 429
    assert limited.workspace.api_keys.get().last_used_at is None
