"""The product's processes from the first to the last: start, wait until ready, watch, end."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO

from django.conf import settings

from kling_saas.running.children import Child, end
from kling_saas.running.plan import Plan
from kling_saas.running.ports import LOOPBACK, accepts

# In all they stay under the 10 seconds in which everything has to be over.
DRAIN_SECONDS = 5
PRODUCT_SECONDS = 7.0
STAND_IN_SECONDS = 1.0
READY_SECONDS = 120.0


class Trouble(Exception):
    """The product cannot start or go on; the text says why."""


class Stopped(Exception):
    """Somebody asked to stop."""


class Family:
    def __init__(self, plan: Plan, *, should_stop: Callable[[], bool]) -> None:
        self.plan = plan
        self.should_stop = should_stop
        self.var = Path(settings.VAR_DIR)
        self.stand_ins: list[Child] = []
        self.product: list[Child] = []

    def start_stand_ins(self) -> None:
        (self.var / "log").mkdir(parents=True, exist_ok=True)
        for one in self.plan.stand_ins:
            log = self.var / "log" / f"{one.name.replace(' ', '-')}.log"
            child = Child.start(one.name, *one.command, environment=self.plan.environment, log=log)
            self.stand_ins.append(child)

    def start_product(self) -> None:
        """Return once everything is there and `/readyz` says so."""
        web = (
            *(sys.executable, "-m", "gunicorn", "kling_saas.wsgi:application"),
            *("--config", "python:kling_saas.web_server", "--log-level", "warning"),
            *("--bind", f"{LOOPBACK}:{settings.PORT}", "--graceful-timeout", str(DRAIN_SECONDS)),
        )
        manage = str(Path(settings.BASE_DIR) / "manage.py")
        worker = (sys.executable, manage, "worker", f"--drain={DRAIN_SECONDS}")
        self._look()
        self.product = [
            Child.start("worker", *worker, environment=self.plan.environment),
            Child.start("web", *web, environment=self.plan.environment),
        ]
        for one in self.plan.stand_ins:
            self._wait(partial(accepts, one.port), what=f"the {one.name}")
        self._wait(is_ready, what="the product")

    def watch(self, say: Callable[[str], object]) -> None:
        """Until somebody asks to stop: start again what has ended, Trouble if it keeps ending."""
        pause = Event()
        while not self.should_stop():
            for child in (*self.stand_ins, *self.product):
                if child.has_ended:
                    ended = child.how_it_ended()
                    if not child.revive():
                        raise Trouble(ended)
                    say(f"{ended}\nIt was started again.")
            pause.wait(0.25)
        raise Stopped

    def end(self) -> list[str]:
        """End every process; the names of those that had to be killed.

        The stand-ins last: a task that is being finished may still speak to them.
        """
        killed = end(self.product, seconds=PRODUCT_SECONDS)
        return killed + end(self.stand_ins, seconds=STAND_IN_SECONDS)

    def _look(self) -> None:
        if self.should_stop():
            raise Stopped
        for child in (*self.stand_ins, *self.product):
            if child.has_ended:
                raise Trouble(child.how_it_ended())

    def _wait(self, condition: Callable[[], bool], *, what: str) -> None:
        limit, pause = monotonic() + READY_SECONDS, Event()
        while not condition():
            self._look()
            if monotonic() > limit:
                raise Trouble(f"{what} was not ready after {READY_SECONDS:.0f} s: {readiness()[1]}")
            pause.wait(0.05)


def is_ready() -> bool:
    return readiness()[0]


def readiness() -> tuple[bool, str]:
    """Whether `/readyz` says yes, and its words."""
    with closing(HTTPConnection(LOOPBACK, settings.PORT, timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status == 200, answer.read().decode(errors="replace")
        except (OSError, HTTPException) as exc:
            return False, f"the web does not answer ({type(exc).__name__})"


class Place:
    """This folder's `var/`, held by one `serve` at a time, and told to commands elsewhere."""

    def __init__(self) -> None:
        self.var = Path(settings.VAR_DIR)
        self.facts = self.var / "serving.json"
        self.lock: IO[str] | None = None

    def take(self) -> None:
        """Hold it until this process ends; Trouble when another holds it."""
        self.lock = (self.var / "serving.lock").open("a")
        limit, pause = monotonic() + 1, Event()
        while True:
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # A command that only looks holds it for an instant.
                if monotonic() > limit:
                    raise Trouble(f"{self.var} is being served already{self._where()}.") from None
                pause.wait(0.1)
            else:
                return

    def tell(self, facts: dict[str, str]) -> None:
        with os.fdopen(os.open(self.facts, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            json.dump(facts, f)

    def _where(self) -> str:
        try:
            return f", on port {json.loads(self.facts.read_text())['PORT']}"
        except (OSError, ValueError, KeyError):
            return ""
