"""Callbacks: Kling's published test vector, rotation, and everything that is not signed."""

from __future__ import annotations

import base64

import pytest
from standardwebhooks import Webhook

from kling import callbacks
from kling.errors import InvalidSignature, KlingError, Unparsable
from tests.kling.conftest import PAYLOADS

# Published by Kling with its description of signed callbacks.
HEADERS = {
    "webhook-id": "9876543210",
    "webhook-timestamp": "1781080794",
    "webhook-signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=",
}
SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
BODY = (
    b'{"id":"1234567890","status":"succeeded","message":"",'
    b'"create_time":1781080778802,"update_time":1781080794151}'
)
NOW = 1781080794
OTHER = "whsec_" + base64.b64encode(b"another secret of 24 byte").decode()


def test_it_accepts_klings_test_vector() -> None:
    callbacks.verify(headers=HEADERS, body=BODY, secrets=[SECRET], now=NOW)
    task = callbacks.parse(BODY)
    assert (task.task_id, task.status) == ("1234567890", "succeed")


@pytest.mark.parametrize("secrets", [[OTHER, SECRET], [SECRET, OTHER]])
def test_both_secrets_are_valid_while_one_is_rotated(secrets: list[str]) -> None:
    callbacks.verify(headers=HEADERS, body=BODY, secrets=secrets, now=NOW)


@pytest.mark.parametrize(
    "signatures",
    [
        "v1,AAAA {good}",
        "{good} v1,AAAA",
        "v2,AAAA v1,\u00fc {good}",
    ],
)
def test_one_good_signature_of_several_is_enough(signatures: str) -> None:
    good = HEADERS["webhook-signature"]
    headers = HEADERS | {"webhook-signature": signatures.format(good=good)}
    callbacks.verify(headers=headers, body=BODY, secrets=[SECRET], now=NOW)


def test_headers_come_in_any_case() -> None:
    headers = {name.title(): value for name, value in HEADERS.items()}
    assert callbacks.is_signed(headers)
    callbacks.verify(headers=headers, body=BODY, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("now", [NOW - 300, NOW + 300, NOW + 299.9])
def test_it_allows_five_minutes(now: float) -> None:
    callbacks.verify(headers=HEADERS, body=BODY, secrets=[SECRET], now=now)


@pytest.mark.parametrize("now", [NOW - 301, NOW + 301, 0])
def test_it_refuses_what_is_too_old_or_too_new(now: float) -> None:
    with pytest.raises(InvalidSignature):
        callbacks.verify(headers=HEADERS, body=BODY, secrets=[SECRET], now=now)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "9876543211"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1781080795"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "-1781080794"},
        {"webhook-timestamp": "1781080794.0"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "9" * 5000},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="},
        {"webhook-signature": "v2,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="},
    ],
)
def test_it_refuses_changed_headers(changed: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        callbacks.verify(headers=HEADERS | changed, body=BODY, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(b"succeeded", b"failed"), b""])
def test_it_refuses_a_changed_body(body: bytes) -> None:
    with pytest.raises(InvalidSignature):
        callbacks.verify(headers=HEADERS, body=body, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("secrets", [[], [OTHER]])
def test_it_refuses_another_secret(secrets: list[str]) -> None:
    with pytest.raises(InvalidSignature):
        callbacks.verify(headers=HEADERS, body=BODY, secrets=secrets, now=NOW)


def test_it_refuses_a_callback_without_headers() -> None:
    assert not callbacks.is_signed({})
    with pytest.raises(InvalidSignature):
        callbacks.verify(headers={}, body=BODY, secrets=[SECRET], now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%"])
def test_a_secret_that_is_none_is_a_mistake_of_ours(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        callbacks.verify(headers=HEADERS, body=BODY, secrets=[secret], now=NOW)


def test_it_agrees_with_the_standard() -> None:
    from datetime import UTC, datetime

    moment = datetime(2026, 11, 1, tzinfo=UTC)
    signature = Webhook(OTHER).sign("msg-1", moment, BODY.decode())
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }
    callbacks.verify(headers=headers, body=BODY, secrets=[OTHER], now=moment.timestamp())


@pytest.mark.parametrize(
    ("name", "task_id", "external_id"),
    [
        ("callback_classic", "871100000000000001", "fox-1"),
        ("callback_newer", "933000000000000001", "fox-1"),
        ("relay_wrapped_succeeded", "2032000000000000001", None),
    ],
)
def test_it_reads_every_shape(name: str, task_id: str, external_id: str | None) -> None:
    task = callbacks.parse((PAYLOADS / "answers" / f"{name}.json").read_bytes())
    assert (task.task_id, task.external_task_id) == (task_id, external_id)
    assert task.status == "succeed"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"hello": "fox"}'])
def test_it_refuses_what_is_no_callback(body: bytes) -> None:
    with pytest.raises(KlingError):
        callbacks.parse(body)


def test_it_refuses_a_callback_that_is_too_large() -> None:
    with pytest.raises(Unparsable, match="too large"):
        callbacks.parse(b" " * (callbacks.MAX_BODY + 1))
