"""A request body in chunks is read like any other."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from gunicorn.http.errors import (  # type: ignore[import-untyped]
    ChunkMissingTerminator,
    NoMoreData,
)

from generations.models import ProviderAccount
from kling_saas.chunked import ChunkedBodies
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)
QUOTE = {"operation": "text-to-audio", "input": {"prompt": "rain", "duration": 3}}
MEGABYTE = 1024 * 1024


class Chunks(io.RawIOBase):
    """What gunicorn gives: a body that ends where it ends, or breaks off with `error`."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        self.pieces, self.error, self.taken = list(pieces), error, 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "a body of any length at once"
        if not self.pieces:
            if self.error:
                raise self.error
            return b""
        piece = self.pieces.pop(0)
        self.taken += len(piece[:size])
        if piece[size:]:
            self.pieces.insert(0, piece[size:])
        return piece[:size]


Call = Callable[..., tuple[str, dict[str, str], bytes]]


@pytest.fixture
def call(ada: Person) -> Call:
    def calling(body: Chunks, path: str = "/api/v1/quotes", **extra: Any) -> Any:
        environ = RequestFactory().generic("POST", path).environ
        environ.pop("CONTENT_LENGTH", None)
        environ |= {
            "CONTENT_TYPE": "application/json",
            "HTTP_AUTHORIZATION": f"Bearer {ada.api.key}",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            **extra,
        }
        told: list[Any] = []

        def start(*args: Any) -> Callable[[bytes], object]:
            told.extend(args)
            return told.append

        answer = ChunkedBodies(WSGIHandler())(environ, start)
        content = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        return told[0], dict(told[1]), content

    return calling


def test_it_reads_a_body_in_chunks(call: Call, cloudsway: ProviderAccount) -> None:
    content = json.dumps(QUOTE).encode()
    status, _, answer = call(Chunks(content[:7], content[7:8], content[8:]))
    assert status.startswith("20"), answer
    assert json.loads(answer)["credits"]


def test_it_keeps_to_the_limits_of_other_bodies(call: Call) -> None:
    status, headers, answer = call(Chunks(*[b" " * MEGABYTE] * 41))
    assert status.startswith("413")
    assert json.loads(answer)["detail"] == "The body is larger than 40 MB."
    assert headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/v1/uploads", "/hooks/stripe"])
def test_it_stops_reading_what_is_too_large(call: Call, path: str, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = MEGABYTE
    body = Chunks(*[b"x" * MEGABYTE] * 9)
    status, headers, answer = call(body, path, HTTP_X_REQUEST_ID="my-own-request")
    assert status == "413 Too large"
    assert headers["X-Request-Id"] == "my-own-request"
    assert 2 * MEGABYTE < body.taken <= 2 * MEGABYTE + 64 * 1024
    if path.startswith("/api/"):
        problem = json.loads(answer)
        assert (problem["code"], problem["request_id"]) == ("too_large", "my-own-request")
    else:
        assert headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("error", [NoMoreData(b""), ChunkMissingTerminator(b"x")])
def test_it_refuses_a_body_that_breaks_off(call: Call, error: Exception) -> None:
    status, _, answer = call(Chunks(b"{", error=error))
    assert status.startswith("400 ")
    assert json.loads(answer)["code"] == "malformed_request"


def test_it_waits_for_no_end_where_the_server_knows_none(call: Call) -> None:
    """As under runserver, which hands on the bare connection."""
    body = Chunks(b"{}")
    status, _, _ = call(body, **{"wsgi.input_terminated": False})
    assert status.startswith("4")
    assert body.taken == 0
