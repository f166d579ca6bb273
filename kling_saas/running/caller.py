"""The `make` that may have started us.

GNU make passes SIGTERM on to its children but not SIGINT: it takes for granted that the terminal
sends that one to all. Whoever signals make alone would wait for ever. But make has put its handler
back to the default by then, which the kernel shows.
"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

CAUGHT = re.compile(r"^SigCgt:\s*([0-9a-f]+)$", re.MULTILINE)


class Caller:
    """Whether the make that called us is still there and not interrupted; else always content."""

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.is_make = _read(self.pid, "comm").strip() in {"make", "gmake"}
        self.catches = self._catches_interrupt()

    def wants_us_to_stop(self) -> bool:
        if not self.is_make:
            return False
        return os.getppid() != self.pid or (self.catches and not self._catches_interrupt())

    def _catches_interrupt(self) -> bool:
        found = CAUGHT.search(_read(self.pid, "status"))
        return bool(found and int(found[1], 16) & 1 << (signal.SIGINT - 1))


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8")
    except OSError:  # it has ended, or there is no /proc: other systems
        return ""
