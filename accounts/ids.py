"""Public ids: a prefix that names the kind, then 22 random letters and digits (131 bits)."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_letters + string.digits
LENGTH = 22


def new_id(prefix: str) -> str:
    return f"{prefix}_{random_text(LENGTH)}"


def random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
