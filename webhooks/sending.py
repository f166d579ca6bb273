"""One signed request to one receiver. Knows the network, and changes no row."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

import requests
import urllib3.exceptions
from django.utils import timezone

from webhooks import http, secrets, signing
from webhooks.models import Delivery

# Connect 5 s, then this long from the start to the last byte of the answer.
ATTEMPT_SECONDS = 20
EXCERPT_BYTES = 2048
GONE = 410


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt. `error` is empty if and only if the receiver took the message."""

    at: datetime
    duration_ms: int
    url: str
    error: str
    status_code: int | None = None
    request_headers: dict[str, str] = field(default_factory=dict)
    response_excerpt: str = ""
    # A later attempt cannot succeed either.
    permanent: bool = False

    @property
    def delivered(self) -> bool:
        return not self.error

    @property
    def gone(self) -> bool:
        return self.status_code == GONE


@dataclass(frozen=True)
class _Answer:
    status_code: int | None = None
    excerpt: str = ""
    error: str = ""
    permanent: bool = False


def send(delivery: Delivery) -> Outcome:
    """POST the message and tell what happened. Raises nothing that a receiver can cause."""
    at, started = timezone.now(), time.monotonic()
    shown: dict[str, str] = {}
    try:
        signer = delivery.endpoint or signing.of_workspace(delivery.message.workspace)
        signed = signing.headers(message=delivery.message, signer=signer, at=at)
        # The signature stays out of the log: with the body it would be a valid request.
        shown = {name: text for name, text in signed.items() if name != "webhook-signature"}
        shown |= {"content-type": "application/json", "user-agent": http.USER_AGENT}
        answer = _post(delivery.address, body=delivery.message.body, headers={**signed, **shown})
    except http.FetchError as exc:
        permanent = isinstance(exc, http.UnsafeAddress)
        answer = _Answer(error=str(exc), permanent=permanent)
    except secrets.Unreadable as exc:
        answer = _Answer(error=f"The signing secret cannot be read: {exc}")
    return Outcome(
        at=at,
        duration_ms=round((time.monotonic() - started) * 1000),
        url=delivery.address,
        error=answer.error,
        status_code=answer.status_code,
        request_headers=shown,
        response_excerpt=answer.excerpt,
        permanent=answer.permanent,
    )


def _post(url: str, *, body: str, headers: dict[str, str]) -> _Answer:
    http.check_address(url)
    with http.session(total=ATTEMPT_SECONDS) as session, http.errors():
        sent = {**headers, "Accept-Encoding": "identity"}
        with session.post(url, data=body.encode(), headers=sent, stream=True) as response:
            status = response.status_code
            return _Answer(
                status_code=status,
                excerpt=_excerpt(response),
                error=_error_of(status),
                permanent=status == GONE,
            )


def _error_of(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if status == GONE:
        return "The receiver answered 410 Gone: it wants no more messages."
    if 300 <= status < 400:
        return f"The receiver answered {status}. Redirects are not followed."
    return f"The receiver answered {status}."


def _excerpt(response: requests.Response) -> str:
    try:
        start = response.raw.read(EXCERPT_BYTES, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError):
        # The status has come, and it alone decides.
        return ""
    # PostgreSQL stores no NUL in text.
    return bytes(start).decode("utf-8", errors="replace").replace("\x00", "\ufffd")
