"""HTTP, and nothing of Kling's: bytes out, bytes back, or one of the package's errors.

``Transport`` is the seam: a client takes any object with ``send``. The real one never follows a
redirect (it would carry the key to another host), never retries (a submit is not idempotent),
reads no proxy or netrc from the environment, keeps no cookies, and stops reading at a cap.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import certifi
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from kling.errors import ConnectionLost, KlingError, TimedOut, Unparsable, Unreachable

CONNECT_TIMEOUT = 10.0  # seconds until the connection stands
READ_TIMEOUT = 60.0  # seconds between two pieces of the answer
TOTAL_TIMEOUT = 90.0  # seconds for the whole answer, however slowly it drips
MAX_ANSWER = 4 * 1024 * 1024  # bytes
POOL_SIZE = 64  # connections kept per host; the poller uses many threads
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Timeouts:
    connect: float = CONNECT_TIMEOUT
    read: float = READ_TIMEOUT
    total: float = TOTAL_TIMEOUT


@dataclass(frozen=True)
class HttpRequest:
    """``repr`` leaves out the headers: they carry the key. ``timeouts``: else the transport's."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    timeouts: Timeouts | None = None


@dataclass(frozen=True)
class HttpResponse:
    """``headers`` may be asked in any case of letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    def send(self, request: HttpRequest) -> HttpResponse:
        """Sends once. Raises Unreachable if nothing went out, else a MaybeAccepted error."""
        ...


class PooledTransport:
    """The real transport: one pool of connections, usable from several threads.

    urllib3 without requests on top of it: what that adds, redirects, cookies and what the
    environment says, is not wanted here, and would cost more of a query's time than the query.
    """

    def __init__(self, *, timeouts: Timeouts | None = None, max_answer: int = MAX_ANSWER) -> None:
        self._timeouts = timeouts or Timeouts()
        self._max_answer = max_answer
        self._pools = PoolManager(
            num_pools=8,
            maxsize=POOL_SIZE,
            retries=False,
            cert_reqs="CERT_REQUIRED",
            ca_certs=certifi.where(),
        )

    def send(self, request: HttpRequest) -> HttpResponse:
        host = urlsplit(request.url).hostname or "the provider"
        timeouts = request.timeouts or self._timeouts
        deadline = time.monotonic() + timeouts.total
        try:
            response = self._pools.urlopen(
                request.method,
                request.url,
                body=request.body,
                headers=request.headers,
                redirect=False,
                preload_content=False,
                timeout=Timeout(connect=timeouts.connect, read=timeouts.read),
            )
        except HTTPError as exc:
            raise _failure(exc, host) from exc
        try:
            body = self._read(response, deadline, host)
        finally:
            response.close()  # what was read to its end is in the pool already, and stays there
        return HttpResponse(response.status, response.headers, body)

    def _read(self, response: BaseHTTPResponse, deadline: float, host: str) -> bytes:
        body = bytearray()
        status = response.status
        try:
            # read1 returns what is there; read would wait until a whole piece has dripped in.
            while piece := response.read1(_PIECE, decode_content=True):
                body += piece
                if len(body) > self._max_answer:
                    raise Unparsable("The answer is too large.", http_status=status)
                if time.monotonic() > deadline:
                    raise TimedOut(f"{host} answers too slowly.", http_status=status)
        except (ReadTimeoutError, TimeoutError) as exc:
            raise TimedOut(f"{host} stopped answering.", http_status=status) from exc
        except DecodeError as exc:
            raise Unparsable("The answer is badly compressed.", http_status=status) from exc
        except (HTTPError, OSError) as exc:
            message = f"The connection to {host} broke."
            raise ConnectionLost(message, http_status=status) from exc
        return bytes(body)

    def close(self) -> None:
        self._pools.clear()


def _failure(exc: Exception, host: str) -> KlingError:
    """Whether the request can have reached the provider decides which error it is."""
    if _never_sent(exc):
        return Unreachable(f"No connection to {host}.")
    if isinstance(exc, ConnectTimeoutError):
        return Unreachable(f"No connection to {host} in time.")
    if isinstance(exc, ReadTimeoutError):
        return TimedOut(f"{host} did not answer in time.")
    return ConnectionLost(f"The connection to {host} broke.")


def _never_sent(exc: Exception) -> bool:
    """Refused, no such host or address, or a certificate that failed: before the first byte."""
    if isinstance(exc, SSLError):
        return "CERTIFICATE_VERIFY_FAILED" in str(exc)
    return isinstance(exc, (NewConnectionError, LocationValueError))
