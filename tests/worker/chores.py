"""Tasks for tests: what a worker did is seen in files."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event
from time import monotonic


def note(path: str) -> None:
    """Leave a line."""
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")


def hold(begun: str, may_end: str, ended: str) -> None:
    """Say that it has begun, go on until it may end, and say that it has."""
    note(begun)
    limit, pause = monotonic() + 100, Event()
    while not Path(may_end).exists() and monotonic() < limit:
        pause.wait(0.05)
    note(ended)
