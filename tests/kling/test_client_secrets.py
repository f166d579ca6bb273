"""Keys and tokens: sent where they belong, shown and stored nowhere."""

from __future__ import annotations

import json

import jwt
import pytest

from kling import errors
from kling.client import KlingClient
from kling.requests import Request
from kling.transport import HttpRequest, HttpResponse
from tests.kling.conftest import ScriptedProvider, payload
from tests.kling.inputs import video

VIDEOS = "videos/text2video"
CREATED = payload("answers/official_created")


def fox(dialect: str = "cometapi") -> Request:
    return video(dialect, prompt="Ein Fuchs 🦊 “im Schnee”")


SECRETS = ("sk-fox-secret-0001", "secret-of-the-fox-which-is-long-enough")


def test_a_secret_shows_nowhere(provider: ScriptedProvider) -> None:
    said = {"code": 1002, "message": f"api key {SECRETS[0]} not found", "key": SECRETS[0]}
    provider.answer(said, status=401)
    client = provider.client()
    with pytest.raises(errors.AuthenticationFailed) as caught:
        client.submit(fox(), external_task_id="fox-1")
    shown = f"{caught.value!s} {caught.value!r} {client!r} {client.account!r}"
    assert "api key *** not found" in shown
    assert not any(secret in shown for secret in SECRETS)


def test_a_secret_is_not_stored_with_a_task(provider: ScriptedProvider) -> None:
    provider.answer({**CREATED, "debug": f"Bearer {SECRETS[0]}"})
    task = provider.client().submit(fox(), external_task_id="fox-1")
    assert task.raw["debug"] == "Bearer ***"


def test_a_signed_token_shows_nowhere(provider: ScriptedProvider) -> None:
    client = provider.client("official", access_key="AK-fox", secret_key=SECRETS[1])

    class Echo:
        """Answers with the token that it was given."""

        def send(self, request: HttpRequest) -> HttpResponse:
            assert "Bearer" not in repr(request)
            body = {"code": 1002, "message": request.headers["Authorization"]}
            return HttpResponse(401, {}, json.dumps(body).encode())

    echoing = KlingClient(client.account, Echo())
    with pytest.raises(errors.AuthenticationFailed) as caught:
        echoing.get(VIDEOS, "1")
    assert caught.value.message == "Bearer ***"
    assert SECRETS[1] not in repr(echoing)


def test_it_signs_for_an_access_key(provider: ScriptedProvider) -> None:
    provider.answer(CREATED)
    client = provider.client("official", access_key="AK-fox", secret_key=SECRETS[1])
    client.submit(fox("official"), external_task_id="fox-1")
    kind, token = provider.received[0].headers["authorization"].split(" ")
    assert kind == "Bearer"
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, SECRETS[1], algorithms=["HS256"])
    assert set(claims) == {"iss", "exp", "nbf"}
    assert claims["iss"] == "AK-fox"
    assert claims["exp"] - claims["nbf"] == 1805
