"""Public ids: a prefix that names the kind, then 22 random letters and digits (131 bits)."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_letters + string.digits
LENGTH = 22
# Each letter for the same number of byte values; those left over are thrown away.
_EVEN = 256 // len(ALPHABET) * len(ALPHABET)
_LETTERS = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
_LEFT_OVER = bytes(range(_EVEN, 256))


def new_id(prefix: str) -> str:
    return f"{prefix}_{random_text(LENGTH)}"


def random_text(length: int) -> str:
    found = b""
    while len(found) < length:
        found += secrets.token_bytes(2 * length).translate(_LETTERS, _LEFT_OVER)
    return found[:length].decode()
