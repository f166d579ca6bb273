"""Forms that must work once: whoever reloads the answer to a POST sends the POST again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.db import OperationalError, transaction
from django.http import HttpRequest

from accounts.ids import random_text

KEPT = 24 * 3600  # seconds; who reloads a page does it sooner


def new_token() -> str:
    """For a hidden field `once` of the form."""
    return random_text(22)


@contextmanager
def first_use(request: HttpRequest) -> Iterator[bool]:
    """True for the first form with its token; one without is never held back.

    The cache is a table beside the others. What is done inside is in one transaction with the
    token: whatever ends it with an error, who goes back sends the same token, and may.
    """
    with transaction.atomic():
        yield _is_first_use(request.POST.get("once", ""))


def _is_first_use(token: str) -> bool:
    key = f"once:{token[:64]}"
    if not token or cache.add(key, True, KEPT):
        return True
    if cache.has_key(key):
        return False
    # Django's cache takes every error of an INSERT for another's that was faster.
    raise OperationalError("the cache has not taken the token")
