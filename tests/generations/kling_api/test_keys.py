"""Who is let in below `/kling/v1`: API keys as they are, and tokens of key pairs."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.utils import timezone

from accounts.keys import create_key, create_pair, revoke_key
from accounts.models import ApiKey, Scope
from tests.conftest import Api, Person
from tests.generations.kling_api.conftest import KlingApi, owner_of, refusal, token

pytestmark = pytest.mark.django_db
PATH = "audio/text-to-audio"
BODY = {"prompt": "Waves", "duration": 5}
Pair = tuple[ApiKey, str]


def test_it_takes_an_api_key(kling: KlingApi) -> None:
    assert kling.get(PATH).json()["data"] == []


def test_it_takes_a_token(pair: Pair) -> None:
    key, secret = pair

    assert KlingApi(token(key.access_key, secret)).get(PATH).json()["code"] == 0


def test_it_takes_a_token_without_a_beginning(pair: Pair) -> None:
    key, secret = pair
    text = jwt.encode({"iss": key.access_key, "exp": int(time.time()) + 60}, secret)

    assert KlingApi(text).get(PATH).status_code == 200


def test_it_takes_a_token_of_a_clock_that_is_a_little_ahead(pair: Pair) -> None:
    key, secret = pair
    text = token(key.access_key, secret, begins=5, iat=int(time.time()) + 5)

    assert KlingApi(text).get(PATH).status_code == 200


def test_it_needs_a_header() -> None:
    answer = KlingApi().get(PATH)

    assert refusal(answer) == (401, 1001)
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Basic dXNlcjpwYXNz", "\x00"])
def test_it_refuses_a_header_of_another_shape(header: str) -> None:
    assert refusal(KlingApi(Authorization=header).get(PATH)) == (401, 1000)


@pytest.mark.parametrize("text", ["sk-of-another-house", "ks_AAAAAAAAAA_x", "a.b.c", "é.é.é", ".."])
def test_it_refuses_what_is_no_key(text: str) -> None:
    answer = KlingApi(text).get(PATH)

    assert refusal(answer) == (401, 1002)
    assert answer.json()["message"] == "api key not found"


def test_it_does_not_take_a_session_for_a_key(ada: Person) -> None:
    assert refusal(ada.browser.get(f"/kling/v1/{PATH}")) == (401, 1001)


@pytest.mark.parametrize("seconds", [-11, -3600])
def test_it_refuses_a_token_whose_time_is_over(pair: Pair, seconds: int) -> None:
    key, secret = pair

    assert refusal(KlingApi(token(key.access_key, secret, ends=seconds)).get(PATH)) == (401, 1004)


def test_it_refuses_a_token_whose_time_has_not_come(pair: Pair) -> None:
    key, secret = pair

    assert refusal(KlingApi(token(key.access_key, secret, begins=60)).get(PATH)) == (401, 1003)


def test_it_refuses_a_token_that_lives_too_long(pair: Pair) -> None:
    key, secret = pair
    day = 24 * 3600

    assert KlingApi(token(key.access_key, secret, ends=day)).get(PATH).status_code == 200
    answer = KlingApi(token(key.access_key, secret, ends=day + 60)).get(PATH)
    assert refusal(answer) == (401, 1002)
    assert "at most 24 hours ahead" in answer.json()["message"]


def test_it_asks_for_an_end_where_a_token_has_none(pair: Pair) -> None:
    key, secret = pair
    answer = KlingApi(jwt.encode({"iss": key.access_key}, secret)).get(PATH)

    assert refusal(answer) == (401, 1002)
    assert "at most 24 hours ahead" in answer.json()["message"]


def test_it_asks_nobody_else_for_an_end(pair: Pair) -> None:
    text = jwt.encode({"iss": pair[0].access_key}, pair[1][::-1])

    assert KlingApi(text).get(PATH).json()["message"] == "api key not found"


def test_it_refuses_another_secret(pair: Pair) -> None:
    key, secret = pair

    assert refusal(KlingApi(token(key.access_key, secret[::-1])).get(PATH)) == (401, 1002)


def test_it_tells_nothing_of_time_to_who_has_not_the_secret(pair: Pair) -> None:
    key, secret = pair
    text = token(key.access_key, secret[::-1], ends=-60)

    assert refusal(KlingApi(text).get(PATH)) == (401, 1002)


def test_it_refuses_an_unknown_access_key(pair: Pair) -> None:
    assert refusal(KlingApi(token("ak_AAAAAAAAAA", pair[1])).get(PATH)) == (401, 1002)


def test_it_refuses_an_api_key_as_an_access_key(ada: Person) -> None:
    """Its digest is stored in the open, and must not be a secret to sign with."""
    key = ada.workspace.api_keys.get()
    for secret in (key.digest, ada.api.key.rpartition("_")[2]):
        assert refusal(KlingApi(token(key.access_key, secret)).get(PATH)) == (401, 1002)


def unsigned(claims: object) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{body}."


def test_it_refuses_an_unsigned_token(pair: Pair) -> None:
    claims = {"iss": pair[0].access_key, "exp": int(time.time()) + 60}

    assert refusal(KlingApi(unsigned(claims)).get(PATH)) == (401, 1002)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_it_refuses_another_algorithm(pair: Pair, algorithm: str) -> None:
    key, secret = pair
    claims = {"iss": key.access_key, "exp": int(time.time()) + 60}
    text = jwt.encode(claims, secret * 2, algorithm=algorithm)

    assert refusal(KlingApi(text).get(PATH)) == (401, 1002)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": [1]},
        {"exp": 10**400},
        {"exp": float("inf")},
        {"nbf": "later"},
        {"nbf": float("inf")},
    ],
)
def test_it_refuses_odd_claims(pair: Pair, claims: dict[str, object]) -> None:
    key, secret = pair
    whole = {"iss": key.access_key, "exp": int(time.time()) + 60, **claims}

    assert refusal(KlingApi(jwt.encode(whole, secret)).get(PATH)) == (401, 1002)


@pytest.mark.parametrize("claims", [{}, [], None, {"iss": 5}, {"iss": {"a": 1}}, {"iss": "ak_é"}])
def test_it_refuses_a_token_of_nobody(claims: object) -> None:
    assert refusal(KlingApi(unsigned(claims)).get(PATH)) == (401, 1002)


def test_it_needs_an_end(pair: Pair) -> None:
    key, secret = pair

    assert refusal(KlingApi(jwt.encode({"iss": key.access_key}, secret)).get(PATH)) == (401, 1002)


def test_it_refuses_a_nest_of_json(db: None) -> None:
    nest = base64.urlsafe_b64encode(b"[" * 1200).rstrip(b"=").decode()

    assert refusal(KlingApi(f"{nest}.{nest[:300]}.a").get(PATH)) == (401, 1002)


def test_it_refuses_a_revoked_pair(ada: Person, pair: Pair) -> None:
    key, secret = pair
    text = token(key.access_key, secret)
    assert KlingApi(text).get(PATH).status_code == 200
    revoke_key(by=owner_of(ada), prefix=key.prefix)

    assert refusal(KlingApi(text).get(PATH)) == (401, 1002)


def test_it_refuses_a_pair_that_has_expired(ada: Person) -> None:
    end = timezone.now() + timedelta(minutes=10)
    key, secret = create_pair(by=owner_of(ada), label="short", expires_at=end)
    text = token(key.access_key, secret, ends=3600)
    with time_machine.travel(end):
        assert refusal(KlingApi(text).get(PATH)) == (401, 1002)


def test_it_refuses_a_pair_that_it_cannot_read(pair: Pair, settings: object) -> None:
    """The operator has changed SECRET_KEY and forgotten the old one."""
    key, secret = pair
    settings.SECRET_KEY = "another-secret-key-of-fifty-characters-or-some-more"  # type: ignore[attr-defined]

    assert refusal(KlingApi(token(key.access_key, secret)).get(PATH)) == (401, 1002)


def test_it_notes_the_last_use_of_a_pair(pair: Pair) -> None:
    key, secret = pair
    KlingApi(token(key.access_key, secret)).get(PATH)
    key.refresh_from_db()

    assert key.last_used_at is not None


def test_a_token_opens_only_this_door(pair: Pair) -> None:
    key, secret = pair

    assert Api(token(key.access_key, secret)).get("/credits").status_code == 401


@pytest.mark.parametrize(
    ("scope", "reads", "writes"),
    [(Scope.READ, (200, 0), (403, 1103)), (Scope.BILLING, (403, 1103), (403, 1103))],
)
def test_it_keeps_keys_to_their_permissions(
    ada: Person, scope: Scope, reads: tuple[int, int], writes: tuple[int, int]
) -> None:
    _, plain = create_key(by=owner_of(ada), label="some", scopes={scope})
    key, secret = create_pair(by=owner_of(ada), label="some", scopes={scope})
    for text in (plain, token(key.access_key, secret)):
        read, write = KlingApi(text).get(PATH), KlingApi(text).post(PATH, BODY)
        assert (read.status_code, read.json()["code"]) == reads
        assert refusal(write) == writes
