"""`Prefer: wait=N`: hold a create request until its generation is final."""

from __future__ import annotations

import re
import threading
from time import monotonic

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


def until_final(generation: Generation, *, seconds: int) -> Generation:
    """The generation as it is when final, or after `seconds`.

    It exists and its credits are held by now, so nothing that happens while we wait may become an
    error: the caller would send it again.
    """
    if not seconds or generation.is_final or generation.is_waiting_for_approval:
        return generation  # an approval may take days
    if not places.acquire(blocking=False):
        return generation
    try:
        end, found = monotonic() + seconds, generation
        while found.due_at is not None and monotonic() < end:
            if ending.wait(min(INTERVAL, max(0.0, end - monotonic()))):
                break
            rows = for_workspace(generation.workspace).filter(pk=generation.pk)
            current = rows.first()
            if current is None:  # deleted meanwhile
                break
            found = current
        return found
    except DatabaseError:
        return generation
    finally:
        places.release()
