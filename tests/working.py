"""A worker for tests that need its work, not its processes: the clock's tasks, called in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from time import monotonic

from generations import alarms as generation_alarms
from generations.models import Generation, State


def call(task: str, args: tuple[int, ...] = ()) -> None:
    module, _, name = task.rpartition(".")
    getattr(import_module(module), name)(*args)


def work_until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Do what is due until `condition` holds; fails when it does not within `seconds`."""
    end, pause = monotonic() + seconds, threading.Event()
    while not condition():
        assert monotonic() < end, "the condition did not come true in time"
        for task, args in generation_alarms.due():
            call(task, args)
        pause.wait(0.02)


def finish(public_id: str, *, seconds: float = 30) -> Generation:
    """Work until the generation is final."""

    def is_final() -> bool:
        return Generation.objects.get(public_id=public_id).is_final

    work_until(is_final, seconds=seconds)
    return Generation.objects.get(public_id=public_id)


def reach(public_id: str, state: State, *, seconds: float = 30) -> Generation:
    """Work until the generation is in `state`."""
    work_until(lambda: Generation.objects.get(public_id=public_id).state == state, seconds=seconds)
    return Generation.objects.get(public_id=public_id)
