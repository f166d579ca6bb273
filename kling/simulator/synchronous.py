"""Operations that answer the create call with their result: speech, and the faces of a video."""

from __future__ import annotations

import threading
import time
from typing import Final

from kling import operations

from . import outputs, replies
from .errors import ConnectionDropped, Refusal
from .media.cache import MediaCache
from .store import Store
from .tasks import Task

LONGEST_WAIT: Final = 120.0
LOOK_AGAIN: Final = 0.02


def wait(task: Task, *, store: Store, cache: MediaCache, stopping: threading.Event) -> Task:
    """The finished task, its files looked into and its result drawn.

    Raises Refusal where there is no task in the answer that could say that it failed, 5002 when
    it takes too long, and ConnectionDropped for a task that never ends.
    """
    if task.plan.never_ends:
        stopping.wait(replies.HOLD_SECONDS)
        raise ConnectionDropped
    stopping.wait(task.plan.extra_seconds)
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        found = store.get(task.task_id) or task
        if outputs.ready(found, cache):
            break
        if time.monotonic() > deadline:
            raise Refusal(5002)
        if stopping.wait(LOOK_AGAIN):
            raise ConnectionDropped
    if found.plan.failure is not None and operations.get(found.operation).result_kind == "faces":
        raise Refusal(1201, found.plan.failure)
    return found
