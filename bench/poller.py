"""One worker process that does nothing but look at what is due, until its input ends."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.servers import ROOT

TICK = 1.0  # of the worker's clock


def inside() -> bool:
    from generations import polling, refresh

    over = threading.Event()

    def watch() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=watch, daemon=True).start()
    while not over.wait(TICK):
        if refresh.due().exists():
            polling.run()
    return True


@contextmanager
def running(count: int) -> Iterator[None]:
    """So many of them, on the installation of this process. Raises if one of them fails."""
    command = [sys.executable, "-m", "bench.inside", "poller"]
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)  # noqa: S603
            )
            for _ in range(count)
        ]
        yield
    if any(process.returncode for process in started):
        raise RuntimeError("a poller has failed")
