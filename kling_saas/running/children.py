"""Child processes: started together, watched together, and ended together in good time."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

from django.conf import settings

from worker import lifeline


@dataclass
class Child:
    """A process in a session of its own, tied to us: it gets our signals only through us."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None = None

    @classmethod
    def start(
        cls, name: str, *command: str, environment: Mapping[str, str], log: Path | None = None
    ) -> Child:
        """Start `command`; with `log` its output goes there instead of to the terminal."""
        output = log.open("wb") if log else None
        try:
            process = subprocess.Popen(  # noqa: S603
                lifeline.command(*command),
                env=dict(environment),
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
            )
        finally:
            if output:
                output.close()
        return cls(name, process, log)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def how_it_ended(self) -> str:
        tail = self.log.read_text(errors="replace").strip()[-2000:] if self.log else ""
        return f"{self.name} ended ({self.process.returncode})" + (f":\n{tail}" if tail else "")

    def ask_to_end(self) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def end(children: Iterable[Child], *, seconds: float) -> list[str]:
    """Ask all to end, and kill what has not `seconds` later; the names of those killed."""
    asked = list(children)
    for child in asked:
        child.ask_to_end()
    limit, pause = monotonic() + seconds, Event()
    while monotonic() < limit and not all(child.has_ended for child in asked):
        pause.wait(0.05)
    killed = [child.name for child in asked if not child.has_ended]
    for child in asked:
        # Those that ended well too: they may have left members of their session behind.
        child.kill()
    return killed
