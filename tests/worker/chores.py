"""Tasks for tests: what a worker did is seen in files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic

from worker import roster


def note(path: str) -> None:
    """Leave a line."""
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")


def hold(begun: str, may_end: str, ended: str) -> None:
    """Say that it has begun, go on until it may end, and say that it has."""
    _go_on(begun, Path(may_end).exists, ended)


def yield_to_others(begun: str, ended: str) -> None:
    """Go on until another task waits for the process."""
    _go_on(begun, roster.is_awaited, ended)


def end_with_cluster(begun: str, ended: str) -> None:
    """Go on until the cluster is to end."""
    _go_on(begun, roster.is_closing, ended)


def _go_on(begun: str, may_end: Callable[[], bool], ended: str) -> None:
    note(begun)
    limit, pause = monotonic() + 100, Event()
    while not may_end() and monotonic() < limit:
        pause.wait(0.05)
    note(ended)
