"""HTTP to addresses that we did not choose: webhook receivers, media, asset links.

Every address is resolved once, checked, and connected to as checked (no DNS rebinding), with the
name kept for TLS. Nothing follows a redirect by itself, and neither proxies nor netrc of the
environment are used. FETCH_ALLOW_PRIVATE lifts the address check, for tests; a trusted origin
lifts it for one scheme, host and port, for the simulator.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urljoin

import requests
import urllib3.exceptions
from django.conf import settings
from requests.adapters import BaseAdapter
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress

from webhooks.addresses import NOT_PUBLIC, check_address, is_at
from webhooks.http_errors import (
    BadStatus,
    FetchError,
    TooLarge,
    TooManyRedirects,
    TooSlow,
    Truncated,
    Unreachable,
    UnsafeAddress,
)
from webhooks.transport import Deadline, PinnedAdapter, TimedAdapter

__all__ = [
    "BadStatus",
    "Download",
    "FetchError",
    "TooLarge",
    "TooManyRedirects",
    "TooSlow",
    "Truncated",
    "Unreachable",
    "UnsafeAddress",
    "check_address",
    "errors",
    "session",
    "stream",
]

USER_AGENT = "KlingStudio/1"
CONNECT_SECONDS = 5
READ_SECONDS = 15
DOWNLOAD_SECONDS = 240
CHUNK_BYTES = 256 * 1024
MAX_REDIRECTS = 3
TRUSTED = "trusted:"  # the adapter's place among those of a session; no scheme of an address
REDIRECTS = {301, 302, 303, 307, 308}


class _StayingSession(HTTPSession):  # type: ignore[misc]  # untyped
    """Knows no redirects: requests would unpack and keep their whole body, whatever its size."""

    trusted_origin = ""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None

    def get_adapter(self, url: str) -> BaseAdapter:
        trusted = is_at(url, self.trusted_origin)
        found: BaseAdapter = self.adapters[TRUSTED] if trusted else super().get_adapter(url)
        return found


def session(*, total: float | None = None, trusted_origin: str = "") -> requests.Session:
    """A `requests` session for addresses we did not choose. Close it after use.

    `total`: seconds from now in which everything done with this session must be over.
    `trusted_origin`: an address of ours; where scheme, host and port are its, any network is.
    Calls raise `requests` exceptions; wrap them in `errors()` to get ours.
    """
    made = _StayingSession(
        Config(
            ip_filter_enable=False,  # done by the adapters mounted below
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(CONNECT_SECONDS, READ_SECONDS),
            user_agent_override=USER_AGENT,
        )
    )
    made.trust_env = False
    deadline = Deadline(total)
    made.trusted_origin = trusted_origin
    made.mount(TRUSTED, TimedAdapter(deadline))
    for prefix, is_tls in (("http://", False), ("https://", True)):
        if settings.FETCH_ALLOW_PRIVATE:
            made.mount(prefix, TimedAdapter(deadline))
        else:
            made.mount(prefix, PinnedAdapter(deadline, is_https_proto=is_tls))
    return cast(requests.Session, made)


@contextmanager
def errors() -> Iterator[None]:
    """Turn exceptions of `requests` and urllib3 into ours."""
    try:
        yield
    except InvalidIPAddress as exc:
        raise UnsafeAddress(NOT_PUBLIC) from exc
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as exc:
        raise TooSlow("The server took too long.") from exc
    except requests.exceptions.SSLError as exc:
        raise Unreachable("The server's TLS certificate was not accepted.") from exc
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError) as exc:
        raise UnsafeAddress("This is not a valid address.") from exc
    except (requests.RequestException, urllib3.exceptions.HTTPError) as exc:
        raise Unreachable("The server could not be reached, or broke off.") from exc


@dataclass
class Download:
    """An answer whose body has not been read yet. `received` counts the bytes so far."""

    url: str
    content_type: str
    content_length: int | None
    max_bytes: int
    raw: Any = field(repr=False)
    received: int = 0

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces of at most 256 KiB. Raises TooLarge, TooSlow, Truncated."""
        while chunk := self._read():
            self.received += len(chunk)
            if self.received > self.max_bytes:
                raise TooLarge(self.max_bytes)
            yield chunk
        if self.content_length is not None and self.received != self.content_length:
            raise Truncated(f"Got {self.received} of {self.content_length} bytes.")

    def _read(self) -> bytes:
        try:
            with errors():
                return bytes(self.raw.read(CHUNK_BYTES, decode_content=False))
        except Unreachable as exc:
            raise Truncated(f"The server broke off after {self.received} bytes.") from exc


@contextmanager
def stream(
    url: str,
    *,
    max_bytes: int,
    total: float = DOWNLOAD_SECONDS,
    trusted_origin: str = "",
) -> Iterator[Download]:
    """GET `url`, following up to three redirects, each checked anew.

    `max_bytes` bounds the body, `total` the seconds from now to its last byte, however slowly it
    drips. At the scheme, host and port of `trusted_origin` any network is fine. Raises the errors
    of `webhooks.http_errors`; `BadStatus` unless the answer is 200.
    """
    with session(total=total, trusted_origin=trusted_origin) as client:
        answer = _follow(client, url, trusted_origin)
        with answer:
            if answer.status_code != 200:
                raise BadStatus(answer.status_code)
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                # Length and checksum would be those of the packed bytes, not of the file.
                raise Unreachable("The server packed the file although asked not to.")
            length = answer.raw.length_remaining
            if length is not None and length > max_bytes:
                raise TooLarge(max_bytes)
            yield Download(
                url=answer.url or url,
                content_type=answer.headers.get("Content-Type", ""),
                content_length=length,
                max_bytes=max_bytes,
                raw=answer.raw,
            )


def _follow(client: requests.Session, url: str, trusted_origin: str) -> requests.Response:
    for _hop in range(1 + MAX_REDIRECTS):
        check_address(url, trusted_origin=trusted_origin)
        with errors():
            answer = client.get(url, stream=True, headers={"Accept-Encoding": "identity"})
        target = answer.headers.get("Location")
        if answer.status_code not in REDIRECTS or not target:
            return answer
        answer.close()
        url = _next(url, target)
    raise TooManyRedirects(f"More than {MAX_REDIRECTS} redirects.")


def _next(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError as exc:  # such as "//[nowhere]/"
        raise UnsafeAddress("The redirect leads to no valid address.") from exc
