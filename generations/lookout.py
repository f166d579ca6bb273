"""Who looks into the database for all the threads of a process that want to know the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from threading import Lock

Clock = Callable[[], float]  # seconds that never go back


class Lookout:
    """One thread at a time, and after a failure none for a pause.

    The others make do with what was seen last: if they waited for their turn, open pages would take
    every thread of a web process whose database answers slowly or not at all.
    """

    def __init__(self, pause: float, clock: Clock) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = Lock()
        self._rests_until = -inf

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Whether it is on the caller to look, until the block ends."""
        if not self._lock.acquire(blocking=False):
            yield False
            return
        try:
            yield self._clock() >= self._rests_until
        except Exception:
            self._rests_until = self._clock() + self._pause
            raise
        finally:
            self._lock.release()

    @contextmanager
    def begin_anew(self) -> Iterator[None]:
        """While nobody looks, and as if nothing had failed before."""
        with self._lock:
            self._rests_until = -inf
            yield
