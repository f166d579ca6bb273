"""Typed reading of the environment, with secrets from files.

Every setting of the product is read here and nowhere else, so that `.env.example` can be
compared with what is really read (`tests/kling_saas/test_environment.py`).
"""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return os.environ.get(name, "").strip() or default
    if os.environ.get(name, "").strip():
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    try:
        return Path(path).read_text(encoding="utf-8").strip() or default
    except OSError as exc:
        raise ImproperlyConfigured(f"{name}_FILE: cannot read {path}: {exc.strerror}.") from exc


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be on or off, not {value!r}.")
    return value in TRUE


def integer(name: str, default: int, *, least: int = 0, most: int = 1_000_000) -> int:
    value = text(name) or str(default)
    is_number = value.isascii() and value.isdigit() and len(value) <= 20
    if not is_number or not least <= int(value) <= most:
        bounds = f"{least} to {most}"
        raise ImproperlyConfigured(f"{name} must be a whole number from {bounds}, not {value!r}.")
    return int(value)


def positive(name: str, default: float) -> float:
    value = text(name) or str(default)
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1000:
        raise ImproperlyConfigured(f"{name} must be a number above 0, not {value!r}.")
    return number


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
