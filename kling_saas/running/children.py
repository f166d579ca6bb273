"""Child processes: started together, watched together, and ended together in good time."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

from django.conf import settings

from worker import lifeline

# A process that ends more often than this is not helped by starting it again.
MOST_REVIVALS, REVIVAL_SECONDS = 5, 60.0


@dataclass
class Child:
    """A process in a session of its own, tied to us: it gets our signals only through us."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    log: Path | None = None
    # When it was started again, by the clock of `monotonic`.
    revivals: list[float] = field(default_factory=list)

    @classmethod
    def start(
        cls, name: str, *command: str, environment: Mapping[str, str], log: Path | None = None
    ) -> Child:
        """Start `command`; with `log` its output goes there instead of to the terminal."""
        if log:
            log.write_bytes(b"")
        return cls(name, command, environment, _start(command, environment, log), log)

    def revive(self) -> bool:
        """Start it again; False if it has ended too often lately for that to help."""
        now = monotonic()
        self.revivals = [at for at in self.revivals if now - at < REVIVAL_SECONDS] + [now]
        if len(self.revivals) > MOST_REVIVALS:
            return False
        self.kill()  # what it may have left behind in its session
        self.process = _start(self.command, self.environment, self.log)
        return True

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


def _start(
    command: tuple[str, ...], environment: Mapping[str, str], log: Path | None
) -> subprocess.Popen[bytes]:
    output = log.open("ab") if log else None
    try:
        return subprocess.Popen(  # noqa: S603
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
