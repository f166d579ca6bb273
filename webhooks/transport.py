"""Adapters of `requests` that pin the checked address and bound the time of a whole exchange.

The read time-out of `requests` starts anew with every packet: a server that sends one byte every
few seconds would hold a worker for hours. Here every read gets at most what is left in total.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPResponse
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from webhooks.addresses import is_public


class Deadline:
    """Seconds left of a total, counted from when it was made. `None`: no end."""

    def __init__(self, total: float | None) -> None:
        self._end = None if total is None else time.monotonic() + total

    def limit(self, seconds: float | None) -> float | None:
        """`seconds`, or less where less is left. Raises TimeoutError when nothing is left."""
        if self._end is None:
            return seconds
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left if seconds is None else min(seconds, left)


class _DeadlineReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        # makefile also counts as a user of the socket: http.client closes its connection
        # before the body has been read.
        self._raw = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._pause = sock.gettimeout()
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.limit(self._pause))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _DeadlineResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        unbounded, self.fp = self.fp, io.BufferedReader(_DeadlineReader(sock, deadline))
        unbounded.close()


class TimedAdapter(HTTPAdapter):
    """Reads answers, headers included, within `deadline`."""

    def __init__(self, deadline: Deadline, **kwargs: Any) -> None:
        self._deadline = deadline
        super().__init__(**kwargs)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = _timed(type(pool).ConnectionCls, self._deadline)
        return pool


class PinnedAdapter(TimedAdapter, IPFilterAdapter):  # type: ignore[misc]
    """Resolves once, refuses what is not public, and connects to the very address it checked."""

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, *args, **kwargs)
        # A second opinion: the library judges by lists of its own and of the running Python.
        ip = ipaddress.ip_address(str(host["host"]).strip("[]"))
        if not is_public(ip):
            raise InvalidIPAddress(ip)
        return host, pool


def _timed(connection: Callable[..., Any], deadline: Deadline) -> Callable[..., Any]:
    def connect(*args: Any, **kwargs: Any) -> Any:
        made = connection(*args, **kwargs)
        made.response_class = partial(_DeadlineResponse, deadline=deadline)
        return made

    return connect
