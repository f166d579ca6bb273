"""Forms that must work once: whoever reloads the answer to a POST sends the POST again."""

from __future__ import annotations

from django.core.cache import cache

from accounts.ids import random_text

KEPT = 24 * 3600  # seconds; who reloads a page does it sooner


def new_token() -> str:
    """For a hidden field `once` of the form."""
    return random_text(22)


def is_first_use(token: str) -> bool:
    """True for the first caller with this token; a form without one is never held back."""
    return not token or bool(cache.add(_key(token), True, KEPT))


def give_back(token: str) -> None:
    """For a form that was refused: who goes back and mends it sends the same token."""
    if token:
        cache.delete(_key(token))


def _key(token: str) -> str:
    return f"once:{token[:64]}"
