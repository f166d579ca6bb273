"""gunicorn's settings, the same for `make run` and `make web`.

Threads, since a request spends most of its time waiting: for the database, or with `Prefer: wait`
up to a minute for a job.
"""

from __future__ import annotations

import gc
import signal
from pathlib import Path
from types import FrameType
from typing import Any

from kling_saas import environment, environment_files
from worker import lifeline

environment_files.load()

bind = [f"0.0.0.0:{environment.integer('PORT', 8000, least=1, most=65535)}"]
worker_class = "kling_saas.web_worker.Worker"
workers = environment.integer("WEB_WORKERS", 2, least=1)
threads = environment.integer("WEB_THREADS", 8, least=1)
# Loaded once and shared by the processes; wsgi.py opens no connection that a fork could share.
preload_app = True
# For the sign of life of a process, not for a request.
timeout = 60
graceful_timeout = 20
keepalive = 5
# Its socket would stand in the home folder: two installations of one user would share it.
control_socket_disable = True
# Requests are logged by the application, with their ids.
accesslog = None
# In memory: behind a slow disk a healthy process would seem dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def when_ready(_server: Any) -> None:
    """What is loaded by now stays: no collection of a process looks at it, or copies its pages.

    None before it: that would leave holes, and what a process puts there copies a page each.
    """
    gc.freeze()


def post_fork(server: Any, _worker: Any) -> None:
    lifeline.tie_to(server.pid)


def post_worker_init(_worker: Any) -> None:
    """On SIGTERM, let no request wait on for its job: the time to end is shorter than that."""
    from generations.api import waiting  # not before Django is set up

    finish = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        waiting.ending.set()
        if callable(finish):
            finish(number, frame)

    signal.signal(signal.SIGTERM, end)
