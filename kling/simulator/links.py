"""Signed links that expire, like those of the providers' CDN. No auth header is needed."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qs, quote

EXPIRED_BY: Final = 60.0


class BadLink(Exception):
    """The link has expired, or somebody made it up."""


class Links:
    """`base_url` is where the simulator is reached; the server sets it when it knows its port."""

    def __init__(self, *, secret: bytes, lifetime: float) -> None:
        self.base_url = ""
        self._secret = secret
        self._lifetime = lifetime

    def make(self, *, token: str, name: str, now: float, expired: bool = False) -> str:
        """An address of the file `token`, called `name`, good for the lifetime from `now`."""
        expires = int(now - EXPIRED_BY) if expired else int(now + self._lifetime + 1)
        path = f"{quote(token)}/{quote(name)}"
        signature = self._sign(f"{token}/{name}", expires)
        return f"{self.base_url}/media/{path}?expires={expires}&sig={signature}"

    def check(self, *, token: str, name: str, query: str, now: float) -> None:
        values = {key: given[0] for key, given in parse_qs(query).items()}
        expires = values.get("expires", "")
        if not expires.isdigit() or int(expires) < now:
            raise BadLink
        right = self._sign(f"{token}/{name}", int(expires))
        if not hmac.compare_digest(right, values.get("sig", "")):
            raise BadLink

    def _sign(self, path: str, expires: int) -> str:
        return hmac.new(self._secret, f"{path}?{expires}".encode(), hashlib.sha256).hexdigest()
