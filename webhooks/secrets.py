"""Signing secrets. They are sealed at rest (accounts.sealing)."""

from __future__ import annotations

import base64
import secrets

from accounts.sealing import Unreadable, seal, unseal

__all__ = ["PREFIX", "Unreadable", "new_secret", "seal", "unseal"]

PREFIX = "whsec_"
RANDOM_BYTES = 32


def new_secret() -> str:
    """`whsec_` and 32 random bytes in Base64, as Standard Webhooks wants it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(RANDOM_BYTES)).decode()
