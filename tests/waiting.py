from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic


def wait_until(condition: Callable[[], object], *, seconds: float, what: str = "") -> float:
    """Look until `condition` holds, and fail when it does not in time; the seconds it took."""
    begun, pause = monotonic(), Event()
    while not condition():
        assert monotonic() - begun < seconds, f"not within {seconds} s: {what or condition}"
        pause.wait(0.05)
    return monotonic() - begun
