"""A provider's callback: verified where it is signed, read like any other answer.

A callback is a hint and never decides over money or media (protocol, section 6): its schema
leaves out half of a result, and nothing says that it arrives once, or at all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from kling.complaints import Answer
from kling.envelope import decode, parse_task
from kling.errors import InvalidSignature, Unparsable
from kling.tasks import Task

TOLERANCE = 300  # seconds between the provider's clock and ours, either way (Standard Webhooks)
MAX_BODY = 1024 * 1024  # bytes


def parse(body: bytes) -> Task:
    """The task in a callback: the bare classic body, the newer one, or a wrapped one.

    Raises KlingError (mostly Unparsable) when it is none.
    """
    if len(body) > MAX_BODY:
        raise Unparsable("The callback is too large.")
    return parse_task(Answer(decode(body)))


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether the provider signed at all: without a secret on its side it sends no headers."""
    return "webhook-signature" in {name.lower() for name in headers}


def verify(*, headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: float) -> None:
    """Checks a Standard Webhooks signature. Raises InvalidSignature.

    One match of any signature with any secret is enough: for 7 days after a rotation both the
    old and the new secret are valid. ``secrets`` are ``whsec_…``, ``now`` epoch seconds.
    """
    known = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = known.get("webhook-id", ""), known.get("webhook-timestamp", "")
    given = known.get("webhook-signature", "")
    if not message_id or not timestamp or not given:
        raise InvalidSignature("The callback is not signed.")
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
        raise InvalidSignature("The callback has no usable time.")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise InvalidSignature("The callback is too old or too new.")
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    expected = [_signature(secret, signed) for secret in secrets]
    if not any(_matches(one, expected) for one in given.split(" ")):
        raise InvalidSignature("The signature of the callback does not match.")


def _signature(secret: str, signed: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("A webhook secret is whsec_ and base64.") from None
    if not key:
        # An empty key would let anybody sign.
        raise ValueError("A webhook secret must not be empty.")
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def _matches(given: str, expected: list[bytes]) -> bool:
    version, _, signature = given.partition(",")
    if version != "v1":
        return False
    return any(hmac.compare_digest(signature.encode("utf-8", "replace"), one) for one in expected)
