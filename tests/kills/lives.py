"""Processes that are forked off a prepared one: one dies on its way, one comes after it."""

from __future__ import annotations

import json
import os
import signal
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import time_machine
from django.db import connections
from django.utils import timezone

from tests.kills.faults import Faults
from tests.kills.journeys import Journey
from worker.models import Lease

# After it every lease has ended, and every sweep looks at what was left over.
LATER = timedelta(hours=1)


class Life(NamedTuple):
    killed: bool
    trail: list[str]


def until_death(journey: Journey, *, at: int) -> Life:
    """Run the journey in a process that is killed at that place, if it gets so far."""

    def live(report: int) -> None:
        journey.prepare()
        Faults(last=at, trail=report).arm()
        journey.go()

    status, said = _forked(live)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or status == 0, f"{journey.name}: failed by itself\n{said}"
    return Life(killed, said.splitlines())


def afterwards(journey: Journey) -> dict[str, Any]:
    """A new process an hour later: what happens after a restart, and what is true then."""

    def live(report: int) -> None:
        # Leases go by the clock of the database, which no test sets forward.
        Lease.objects.update(expires_at=timezone.now())
        with time_machine.travel(timezone.now() + LATER, tick=True):
            journey.recover()
            facts = journey.facts()
        os.write(report, json.dumps(facts).encode())

    status, said = _forked(live)
    assert status == 0, f"{journey.name}: cannot recover\n{said}"
    return dict(json.loads(said))


def _forked(live: Callable[[int], None]) -> tuple[int, str]:
    """Run `live` in a process of its own; how that ended, and what it reported."""
    # What another thread holds at this moment, the child would wait for in vain.
    assert threading.active_count() == 1
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ear)
        os._exit(_live(live, mouth))
    os.close(mouth)
    with os.fdopen(ear) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return status, said


def _live(live: Callable[[int], None], report: int) -> int:
    try:
        live(report)
    except BaseException:  # noqa: BLE001  whatever it is, the parent must hear of it
        os.write(report, traceback.format_exc().encode())
        return 1
    connections.close_all()
    return 0
