"""Secrets that we must be able to read again, encrypted at rest.

The key is derived from SECRET_KEY. While SECRET_KEY_FALLBACKS still names the old key, what it
sealed can be read; `manage.py rotate_secrets` seals it anew (accounts.resealing).
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

# Keeps this key apart from every other one that is derived from SECRET_KEY. The words are those
# of its first use; others would make what is sealed unreadable.
CONTEXT = b"webhooks.signing-secrets.v1"


class Unreadable(Exception):
    """The stored secret was sealed with a key that we no longer have."""


class SealedField(models.TextField):  # type: ignore[type-arg]
    """A column of sealed texts. Its class is how `rotate_secrets` finds it.

    Code seals and unseals by itself: a field that did it would open secrets that nobody asked for.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """To migrations and the database it is a text."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def seal(secret: str) -> str:
    return _cipher(_keys()).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises `Unreadable`."""
    try:
        return _cipher(_keys()).decrypt(sealed).decode()
    except InvalidToken as exc:
        raise Unreadable("SECRET_KEY was changed without SECRET_KEY_FALLBACKS.") from exc


def resealed(sealed: str) -> str | None:
    """The same secret under the current key; None where that sealed it. Raises `Unreadable`."""
    try:
        _cipher(_keys()[:1]).decrypt(sealed)
    except InvalidToken:
        return seal(unseal(sealed))
    return None


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=CONTEXT).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
