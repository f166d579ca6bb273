"""What a supervisor that was killed has left behind: processes, folders, tasks it had taken.

On Linux there are no processes (`worker.lifeline`); elsewhere there may be. Each is known by the
worker's id in its command line, which no other program has, and is touched only when the
supervisor that wrote it down is gone: same number *and* same start time, since numbers come again.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from worker.roster import Roster

SIGN = "supervisor.json"


def sign(directory: Path, worker_id: str) -> None:
    """Write down whose folder this is."""
    directory.mkdir(parents=True)
    facts = {
        "worker_id": worker_id,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }
    (directory / SIGN).write_text(json.dumps(facts), encoding="utf-8")


def clear(run_dir: Path) -> list[int]:
    """Clear up after each supervisor of this machine that is gone; the rows they had taken."""
    rows: list[int] = []
    for path in run_dir.glob(f"*/{SIGN}"):
        with suppress(OSError, ValueError, KeyError):
            facts = json.loads(path.read_text(encoding="utf-8"))
            if facts["host"] == socket.gethostname() and not _lives(facts):
                _kill_cluster(facts["worker_id"])
                rows += Roster(path.parent).taken()
                shutil.rmtree(path.parent, ignore_errors=True)
    return rows


def _lives(facts: dict[str, Any]) -> bool:
    try:
        process = psutil.Process(facts["pid"])
        same: bool = abs(process.create_time() - facts["started"]) < 1
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _kill_cluster(worker_id: str) -> None:
    for process in psutil.process_iter(["cmdline"]):
        if f"--worker-id={worker_id}" in (process.info["cmdline"] or []):
            with suppress(psutil.Error):
                process.kill()
