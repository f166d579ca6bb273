"""`Prefer: wait=N`: hold a create request until its generation is final."""

from __future__ import annotations

import re
import threading
from time import monotonic
from typing import NamedTuple

from django.db import DatabaseError
from rest_framework.serializers import ErrorDetail, ValidationError

from generations.models import Generation
from generations.queries import for_workspace

LONGEST = 60  # seconds
INTERVAL = 0.5
# Each waiting request holds a thread of the web server: the rest stays free for quick ones, and
# a request that finds no place here is answered at once, as one without `Prefer`.
places = threading.BoundedSemaphore(4)
# Set when this process is asked to end: who waits is told what there is, and not cut off.
ending = threading.Event()


def seconds(prefer: str) -> int:
    """N of `wait=N` in a Prefer header; 0 where it is not there."""
    found = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?", prefer, re.IGNORECASE)
    if not found:
        return 0
    wait = int(found[1])
    if wait > LONGEST:
        message = f"wait is {LONGEST} seconds at most."
        raise ValidationError({"Prefer": ErrorDetail(message, code="too_large")})
    return wait


class Awaited(NamedTuple):
    generation: Generation
    # It is final, or the time is over: what `Preference-Applied` promises.
    applied: bool


def until_final(generation: Generation, *, seconds: int) -> Awaited:
    """The generation as it is when final, or after `seconds`.

    It exists and its credits are held by now, so nothing that happens while we wait may become an
    error: the caller would send it again.
    """
    if generation.is_final:
        return Awaited(generation, applied=True)
    if not seconds or generation.is_waiting_for_approval:
        return Awaited(generation, applied=False)  # an approval may take days
    if not places.acquire(blocking=False):
        return Awaited(generation, applied=False)
    try:
        return _wait(generation, end=monotonic() + seconds)
    except DatabaseError:
        return Awaited(generation, applied=False)
    finally:
        places.release()


def _wait(generation: Generation, *, end: float) -> Awaited:
    found = generation
    while found.due_at is not None and monotonic() < end:
        if ending.wait(min(INTERVAL, max(0.0, end - monotonic()))):
            return Awaited(found, applied=False)
        current = for_workspace(generation.workspace).filter(pk=generation.pk).first()
        if current is None:  # deleted meanwhile
            break
        found = current
    return Awaited(found, applied=True)
