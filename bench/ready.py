"""How long `make run` takes until `/readyz` says yes, where everything is set up already.

Set up: packages are installed, and an earlier start has prepared the database.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from threading import Event

from bench.servers import ROOT, free_port, on_postgresql, place

STARTS = 3
GOAL = 10.0  # seconds, of the slowest start
STOP_GOAL = 10.0  # seconds from Ctrl-C until make has ended
PATIENCE = 120.0  # seconds, also of the first start, which prepares everything
# Of the developer, or of the make that runs this: another product would be measured.
FOREIGN = (
    *("COMETAPI_", "CLOUDSWAY_", "KLING_", "STRIPE_", "SIMULATOR_", "STORAGE_", "SITE_URL"),
    *("DEBUG", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"),
)


def run() -> bool:
    with place() as given:
        environment = {name: value for name, value in given.items() if not name.startswith(FOREIGN)}
        environment["PORT"] = str(free_port())
        first, *starts = [_start_and_stop(environment) for _ in range(STARTS + 1)]
        bare = median(_bare(environment) for _ in range(STARTS))
    slowest, stopping = max(start for start, _ in starts), max(stop for _, stop in (first, *starts))
    out = sys.stdout.write
    out(f"make run until /readyz is 200, {'PostgreSQL' if on_postgresql() else 'SQLite'}\n")
    out(f"{'bare django.setup() and its checks':40}{bare:6.1f} s\n")
    out(f"{'first start, with an empty database':40}{first[0]:6.1f} s\n")
    out(f"{f'set up, the slowest of {STARTS}':40}{slowest:6.1f} s (goal {GOAL:.0f})\n")
    out(f"{'from Ctrl-C to the end, the slowest':40}{stopping:6.1f} s (goal {STOP_GOAL:.0f})\n")
    return slowest <= GOAL and stopping <= STOP_GOAL


def _bare(environment: dict[str, str]) -> float:
    """Seconds of one process that only loads the product and looks at itself."""
    began = time.monotonic()
    command = [sys.executable, "manage.py", "check"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)  # noqa: S603
    return time.monotonic() - began


def _start_and_stop(environment: dict[str, str]) -> tuple[float, float]:
    """Seconds until it is ready, and seconds from Ctrl-C until it has ended."""
    log = Path(environment["VAR_DIR"]) / "bench-run.log"
    port, began = int(environment["PORT"]), time.monotonic()
    with _make_run(environment, log) as process:
        while not _is_ready(port):
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                raise RuntimeError(f"make run is not ready: {log.read_text()[-2000:]}")
            Event().wait(0.05)
        ready, asked = time.monotonic() - began, time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: make and what it has started
        process.wait(PATIENCE)
        stopped = time.monotonic() - asked
    if "Stopped." not in log.read_text():
        raise RuntimeError(f"make run did not end well: {log.read_text()[-2000:]}")
    return ready, stopped


@contextmanager
def _make_run(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run"],  # noqa: S607
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            # A shell starts what it puts into the background with SIGINT ignored; it is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
