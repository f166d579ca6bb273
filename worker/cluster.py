"""One `qcluster` as a whole: started, ended and watched as a group of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

from django.conf import settings

from worker.roster import Activity, Member, Roster

# Of glibc: give memory back to the system after a large task, and keep one heap for all threads.
# Saves 15 MB in each worker that has made a poster.
MEMORY = {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}


class Cluster:
    """A running cluster in a session of its own, so that a signal to our group does not reach it.

    Signals to a cluster's workers end them in mid-task: only its main process may get one.
    """

    def __init__(self, *, worker_id: str, directory: Path) -> None:
        self.roster = Roster(directory)
        self.roster.clear()
        self.started = monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            [
                sys.executable,
                str(settings.BASE_DIR / "manage.py"),
                "qcluster",
                "--skip-checks",
                f"--worker-id={worker_id}",
                f"--directory={directory}",
                f"--parent={os.getpid()}",
            ],
            env={**os.environ, **MEMORY},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def look(self) -> tuple[str, list[int]]:
        """What is broken (empty: nothing), and the rows whose worker died at work."""
        if self.has_ended:
            return f"its main process ended ({self.process.returncode})", []
        dead = [member for member in self.roster.members() if not member.is_alive]
        for member in dead:
            self.roster.forget(member)
        broken = [m for m in dead if m.activity in (Activity.NEW, Activity.IDLE)]
        reason = f"process {broken[0].pid} was killed while waiting" if broken else ""
        return reason, [m.row for m in dead if m.activity == Activity.BUSY and m.row]

    def members(self) -> list[Member]:
        return self.roster.members()

    def kill(self) -> list[int]:
        """End every process at once; the rows of the queue that were theirs."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return self.roster.taken()

    def drain(self) -> None:
        """Ask the cluster to finish the tasks it has, take no more, and end."""
        self.roster.close()
        self.process.send_signal(signal.SIGTERM)
