"""A customer's account at a provider: where it is, and how it proves itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import jwt

from kling import dialects
from kling.dialects import Dialect

TOKEN_LIFETIME = 1800  # seconds; Kling's own example, and its limit
TOKEN_LEEWAY = 5  # seconds that a token is dated back, for clocks that differ
TOKEN_RENEWAL = 60  # seconds before its end at which a token is signed anew


@dataclass(frozen=True)
class Account:
    """``key`` is a bearer key; the official dialect also takes ``access_key`` + ``secret_key``.

    ``endpoint_path`` is the endpoint that a Cloudsway customer has bought. ``model_names`` says
    how this account spells a model on the wire (``{"kling-v3": "MaaS_KeLing_3.0_video"}``);
    Cloudsway's page gives two spellings. Secrets do not show in ``repr``. Raises ValueError on
    an account that cannot work.
    """

    dialect: str
    base_url: str = ""
    key: str = field(default="", repr=False)
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    endpoint_path: str = ""
    model_names: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        speaks = dialects.get(self.dialect)
        address = (self.base_url or speaks.default_base_url).rstrip("/")
        object.__setattr__(self, "base_url", address)
        _check_address(address)
        _check_secrets(self, speaks)
        if speaks.needs_endpoint_path and not self.endpoint_path.strip():
            raise ValueError(f"{speaks.title} needs the endpoint path that you bought.")
        if self.endpoint_path.strip() in (".", ".."):
            raise ValueError("The endpoint path is not one.")

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(secret for secret in (self.key, self.secret_key, self.access_key) if secret)


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url must be an http or https address.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url must have no user, query or fragment.")


def _check_secrets(account: Account, speaks: Dialect) -> None:
    has_pair = bool(account.access_key and account.secret_key)
    if has_pair and not speaks.takes_access_keys:
        raise ValueError(f"{speaks.title} takes a key, not an access key and a secret key.")
    if bool(account.access_key) != bool(account.secret_key):
        raise ValueError("An access key and a secret key go together.")
    if bool(account.key) == has_pair:
        raise ValueError("An account needs either a key, or an access key and a secret key.")
    for secret in account.secrets:
        if not secret.isascii() or not secret.isprintable() or secret != secret.strip():
            raise ValueError("A key has characters that no key has; was it copied whole?")


class Credentials:
    """The value of the Authorization header; signs tokens and renews them before they end.

    ``clock`` gives epoch seconds. Safe to use from several threads.
    """

    def __init__(self, account: Account, *, clock: Callable[[], float] = time.time) -> None:
        self._account = account
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._expires = 0.0

    def header(self) -> str:
        return f"Bearer {self._account.key or self._signed_token()}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*self._account.secrets, self._token) if self._token else self._account.secrets

    def _signed_token(self) -> str:
        with self._lock:
            now = self._clock()
            # A clock that was set back would keep a token whose "nbf" lies in the future.
            fresh = now + TOKEN_RENEWAL < self._expires <= now + TOKEN_LIFETIME
            if not fresh:
                self._expires = int(now) + TOKEN_LIFETIME
                claims = {
                    "iss": self._account.access_key,
                    "exp": int(self._expires),
                    "nbf": int(now) - TOKEN_LEEWAY,
                }
                secret = self._account.secret_key
                self._token = jwt.encode(claims, secret, algorithm="HS256")
            return self._token
