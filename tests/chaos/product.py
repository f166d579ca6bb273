"""The product as separate processes; whichever ends is started again, as systemd would do it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress

import psutil
import requests

from tests.installation import Installation
from tests.waiting import wait_until

WEB = (
    *("-m", "gunicorn", "kling_saas.wsgi:application"),
    *("--config", "python:kling_saas.web_server", "--log-level", "warning"),
)


class Product:
    def __init__(self, installed: Installation, *, workers: int) -> None:
        self.installed = installed
        self.url = f"http://127.0.0.1:{installed.environment['PORT']}"
        self.web: subprocess.Popen[str] | None = None
        self.workers: list[subprocess.Popen[str] | None] = [None] * workers

    def revive(self) -> None:
        """Start what has not been started, or has ended."""
        if self.web is None or self.web.poll() is not None:
            port = self.installed.environment["PORT"]
            self.web = self.installed.start_program(*WEB, "--bind", f"127.0.0.1:{port}")
        for place, worker in enumerate(self.workers):
            if worker is None or worker.poll() is not None:
                self.workers[place] = self.installed.start("worker")

    def wait(self) -> None:
        wait_until(self._is_ready, seconds=120, what="the product is ready")

    def end_workers(self) -> None:
        """All at once, in mid-work: nobody is left who holds a job."""
        for worker in self.workers:
            if worker is not None:
                worker.kill()
                worker.wait(timeout=20)
        left = [process for process in self.installed.processes() if _is_of_a_cluster(process)]
        psutil.wait_procs(left, timeout=20)

    def supervisors(self) -> list[psutil.Process]:
        return [psutil.Process(one.pid) for one in self.workers if one and one.poll() is None]

    def cluster_members(self) -> list[psutil.Process]:
        """Main, sentinel, pusher, monitor and workers of every cluster."""
        return [child for one in self.supervisors() for child in _children(one, recursive=True)]

    def web_master(self) -> list[psutil.Process]:
        running = self.web is not None and self.web.poll() is None
        return [psutil.Process(self.web.pid)] if running and self.web else []

    def web_processes(self) -> list[psutil.Process]:
        return [child for one in self.web_master() for child in _children(one, recursive=False)]

    def _is_ready(self) -> bool:
        self.revive()
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False


def _children(process: psutil.Process, *, recursive: bool) -> Iterator[psutil.Process]:
    with suppress(psutil.Error):
        yield from process.children(recursive=recursive)


def _is_of_a_cluster(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "qcluster" in process.cmdline()
    return False
