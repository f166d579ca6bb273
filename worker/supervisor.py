"""Keeps one cluster working: watches it, replaces it when it is broken, drains it at the end.

Nothing of django-q2's own guard is trusted alone: see `worker.roster` for what kills a cluster
silently, `worker.heartbeat` for how silence is told from work.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import F
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from worker import leftovers
from worker.broker import own_line
from worker.clock import Clock
from worker.cluster import Cluster
from worker.heartbeat import Pulse
from worker.models import Heartbeat

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
TICK_SECONDS = 1.0
QUICK_END_SECONDS = 10.0
MOST_PAUSE_SECONDS = 15.0
# A task that killed its worker would kill the next one at once.
HAND_BACK_SECONDS = 10.0


@dataclass(frozen=True)
class Timing:
    """Seconds. A heartbeat `every`; silence for `patience` is a fault; `drain` to finish tasks."""

    every: float = 3.0
    patience: float = 10.0
    start_patience: float = 30.0
    drain: float = 25.0


class Supervisor:
    def __init__(self, *, run_dir: Path, timing: Timing) -> None:
        self.run_dir = run_dir
        self.timing = timing
        host = socket.gethostname()[:40]
        self.worker_id = f"{host}:{os.getpid()}:{secrets.token_hex(4)}"
        self.directory = run_dir / self.worker_id.replace(":", "-")
        self.pulse = Pulse(
            self.worker_id,
            every=timing.every,
            patience=timing.patience,
            start_patience=timing.start_patience,
        )
        self.clock = Clock()
        self.tick_at = 0.0
        self.stopping = Event()
        self.registered = False
        self.quick_ends = 0
        self.has_database = True

    def run(self) -> None:
        """Until SIGTERM or SIGINT; a second one ends the draining."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        rows = leftovers.clear(self.run_dir)
        self._with_database(lambda: hand_back(rows, seconds=0))
        leftovers.sign(self.directory, self.worker_id)
        self.cluster = Cluster(worker_id=self.worker_id, directory=self.directory)
        logger.info("worker %s started", self.worker_id)
        try:
            while not self.stopping.wait(LOOK_SECONDS):
                self._look()
            self._drain()
        finally:
            self.cluster.kill()
            self._with_database(self._sign_off)
            shutil.rmtree(self.directory, ignore_errors=True)
        logger.info("worker %s stopped", self.worker_id)

    def _asked_to_stop(self, *_: Any) -> None:
        if self.stopping.is_set():
            self.timing = Timing(drain=0)
        self.stopping.set()

    def _look(self) -> None:
        reason, orphaned = self.cluster.look()
        if orphaned:
            logger.warning("a process was killed at work; its task is handed back")
            self._with_database(lambda: hand_back(orphaned, seconds=HAND_BACK_SECONDS))
        if not reason:
            reason = self._with_database(self._ask) or ""
        if reason:
            self._restart(reason)

    def _ask(self) -> str:
        if not self.registered:
            Heartbeat.objects.get_or_create(
                worker_id=self.worker_id,
                defaults={"host": socket.gethostname()[:64], "started_at": timezone.now()},
            )
            self.registered = True
        fault = self.pulse.fault(self.cluster.members())
        if not fault and monotonic() >= self.tick_at:
            self.tick_at = monotonic() + TICK_SECONDS
            self.clock.tick()
        return fault

    def _restart(self, reason: str) -> None:
        logger.warning("restarting the cluster: %s", reason)
        lived = monotonic() - self.cluster.started
        rows = self.cluster.kill()
        self._with_database(lambda: self._after_kill(rows))
        self.quick_ends = self.quick_ends + 1 if lived < QUICK_END_SECONDS else 0
        # What ends at once, again and again, must not keep a whole core busy with starting it.
        pause = min(2.0 ** (self.quick_ends - 1), MOST_PAUSE_SECONDS) if self.quick_ends > 1 else 0
        if self.stopping.wait(pause):
            return
        self.cluster = Cluster(worker_id=self.worker_id, directory=self.directory)
        self.pulse.begin()

    def _after_kill(self, rows: list[int]) -> None:
        OrmQ.objects.filter(key=own_line(self.worker_id)).delete()
        hand_back(rows, seconds=HAND_BACK_SECONDS)
        Heartbeat.objects.filter(worker_id=self.worker_id).update(restarts=F("restarts") + 1)

    def _drain(self) -> None:
        logger.info("worker %s finishes its tasks", self.worker_id)
        self.cluster.drain()
        begun, pause = monotonic(), Event()
        while not self.cluster.has_ended and monotonic() - begun < self.timing.drain:
            pause.wait(0.1)
        if not self.cluster.has_ended:
            logger.warning("not finished in time: the rest is handed back")

    def _sign_off(self) -> None:
        self.clock.stop()
        OrmQ.objects.filter(key=own_line(self.worker_id)).delete()
        hand_back(self.cluster.roster.taken(), seconds=0)
        Heartbeat.objects.filter(worker_id=self.worker_id).delete()

    def _with_database(self, work: Callable[[], Any]) -> Any:
        """The result of `work`; None while there is no database.

        The cluster's silence says nothing then: it has the same trouble, and waits.
        """
        close_old_connections()
        try:
            result = work()
        except (DatabaseError, InterfaceError) as exc:
            if self.has_database:
                logger.warning("the database does not answer: %s", exc)
            self.has_database = False
            # What comes back may be a copy of yesterday, which knows no worker of today.
            self.registered = False
            with suppress(DatabaseError, InterfaceError):
                connection.close()
            self.pulse.begin()
            return None
        self.has_database = True
        return result


def hand_back(rows: list[int], *, seconds: float) -> None:
    """Let another process have these tasks: the queue itself would wait `retry` seconds."""
    due = timezone.now() + timedelta(seconds=seconds)
    if rows:
        OrmQ.objects.filter(pk__in=rows, key=Conf.CLUSTER_NAME).update(lock=due)
