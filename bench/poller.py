"""Two worker processes that do nothing but look at what is due, until their input ends.

As in a worker: the clock rings a round in one of them when something is due and no round goes on.
The other one helps when that round rings for help.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.servers import ROOT

TICK = 1.2  # of the worker's clock; then the queue is read


def inside() -> bool:
    from generations import polling, refresh

    over = end_of_input()
    while not over.wait(TICK):
        if refresh.due().exists():
            polling.run()
    return True


def end_of_input() -> threading.Event:
    """Set when whoever started this process wants it to end."""
    over = threading.Event()

    def watch() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=watch, daemon=True).start()
    return over


@contextmanager
def running() -> Iterator[None]:
    """Both, on the installation of this process. Raises if one of them fails."""
    command = [sys.executable, "-m", "bench.inside"]
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen([*command, name], cwd=ROOT, stdin=subprocess.PIPE)  # noqa: S603
            )
            for name in ("poller", "helper")
        ]
        yield
    if any(process.returncode for process in started):
        raise RuntimeError("a poller has failed")
