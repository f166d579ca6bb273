"""How soon a finished job is seen, and after how many queries, with thousands in flight.

Jobs of three kinds, as many of each, come and go at the rate that keeps so many in flight; those
that begin within the first half minute are measured. Durations are log-normal, and the product
knows their laws from earlier jobs. Two worker processes look, the second one when the first one
rings for help; callbacks, where they come, call the same function as the hook does, a second late
on average.

The goals are those of a machine that does 700 bare queries a second: on a slower one, as many fewer
jobs are in flight.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from resource import RUSAGE_CHILDREN, getrusage
from statistics import fmean, median
from typing import Any

from bench.inside import run_inside

IN_FLIGHT, GROUND = 10_000, 700.0  # jobs, on a machine of so many bare queries a second
WORKSPACES = 100  # whose jobs they are, in turn: verdicts on one account's credits wait in line
LAWS = {"fast": (60.0, 0.3), "std": (100.0, 0.4), "pro": (180.0, 0.5)}  # median, spread
LONGEST = 400.0  # seconds of a job; what would last longer is drawn anew
MEASURED = 30.0  # seconds in which the measured jobs begin
ARRIVALS = 300.0  # seconds in which others go on to come
HEARD = 0.98
FIXED = 5.0  # seconds between two looks of the baseline


@dataclass(frozen=True)
class Goal:
    delay: float
    queries: float


GOALS = {"without callbacks": Goal(3.0, 12.0), "with callbacks": Goal(1.5, 2.0)}


@dataclass(frozen=True)
class Life:
    """Of one job, in seconds from the start of the round; old jobs began before it."""

    mode: str
    begin: float
    length: float

    @property
    def end(self) -> float:
        return self.begin + self.length

    @property
    def is_measured(self) -> bool:
        return 0 <= self.begin < MEASURED


def run() -> bool | None:
    return run_inside("detection")


def inside() -> bool:
    from bench import audience, jobs, provider

    out = sys.stdout.write
    fine = True
    with provider.running() as url:
        lives = _lives(random.Random(1), _in_flight(url))  # noqa: S311
        _head([one.length for one in lives if one.is_measured])
        account = jobs.account(url)
        audience.gather(WORKSPACES)
        for name, goal in GOALS.items():
            began, cpu = time.monotonic(), _cpu()
            heard = HEARD if name == "with callbacks" else 0.0
            queries, delays = _round(account, lives, heard=heard, url=url)
            cores = (_cpu() - cpu) / (time.monotonic() - began)
            out(f"{name:20}{queries:14.1f}{median(delays):10.2f}{fmean(delays):8.2f}{cores:8.2f}\n")
            sys.stdout.flush()
            fine = fine and median(delays) <= goal.delay and queries <= goal.queries
    out("goals: 12 queries and 3 s; with callbacks, of which 98 % come, 2 queries and 1.5 s\n")
    return fine


def _in_flight(url: str) -> int:
    """As many as this machine is to manage, by what bare `requests` manage on it just now."""
    from bench import polls

    end = int(time.time() + 3600) * 1000
    task_ids = [f"{end}-{end}-{number}" for number in range(polls.COUNT)]
    rate, _ = polls.measured(lambda: polls.ask_bare(url, task_ids))
    asked = os.environ.get("BENCH_IN_FLIGHT")
    found = int(asked) if asked else round(IN_FLIGHT * min(1.0, rate / GROUND))
    sys.stdout.write(f"{found} jobs in flight; bare requests do {rate:.0f} queries a second here, ")
    sys.stdout.write(f"and {IN_FLIGHT} are to be managed with {GROUND:.0f}\n")
    return found


def _head(lengths: list[float]) -> None:
    out = sys.stdout.write
    out(f"{fmean(lengths):.0f} s each; {len(lengths)} measured\n")
    out(f"{'':20}{'queries a job':>14}{'median s':>10}{'mean s':>8}{'cores':>8}\n")
    queries = fmean(lengths) / FIXED
    out(f"{'every 5 s':20}{queries:14.1f}{FIXED / 2:10.2f}{FIXED / 2:8.2f}{'-':>8}\n")
    sys.stdout.flush()


def _cpu() -> float:
    """Seconds of this process and of those that it has waited for."""
    children = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _lives(chance: random.Random, in_flight: int) -> list[Life]:
    """So many are in flight from the start until no more come."""
    usual = fmean(_length(mode, chance) for mode in LAWS for _ in range(3000))
    count = round((LONGEST + ARRIVALS) / usual * in_flight)
    modes = [*LAWS] * (count // len(LAWS))
    drawn = [Life(one, chance.uniform(-LONGEST, ARRIVALS), _length(one, chance)) for one in modes]
    return [one for one in drawn if one.end > 0]


def _length(mode: str, chance: random.Random) -> float:
    middle, spread = LAWS[mode]
    while (length := chance.lognormvariate(log(middle), spread)) > LONGEST:
        pass
    return length


def _round(account: Any, lives: list[Life], *, heard: float, url: str) -> tuple[float, list[float]]:
    """Queries a measured job, and the delay of each from its end to its verdict, in seconds."""
    from accounts.models import Workspace
    from bench import jobs, poller, provider
    from generations.models import Generation

    _teach(account, reliable=heard > 0)
    owners = list(Workspace.objects.all())
    began = time.time() + 30  # they are in the database by then
    start = datetime.fromtimestamp(began).astimezone()
    made = jobs.running(
        account,
        [one.mode for one in lives],
        [began + one.end for one in lives],
        begun=[start + timedelta(seconds=one.begin) for one in lives],
        due=_looks(lives, start, callbacks=heard > 0),
        owners=[owners[number % len(owners)] for number in range(len(lives))],
    )
    measured = {job.pk: job for job, one in zip(made, lives, strict=True) if one.is_measured}
    stop = threading.Event()
    caller = threading.Thread(target=_call_back, args=(made, heard, stop))
    caller.start()
    with poller.running():
        _wait(list(measured), until=began + MEASURED + LONGEST + 30)
    stop.set()
    caller.join()
    counts = provider.asked(url)
    queries = fmean(counts.get(job.task_id, 0) for job in measured.values())
    delays = _delays(measured)
    # The next round is not to look at what is left of this one.
    tomorrow = start + timedelta(days=1)
    Generation.objects.filter(due_at__isnull=False).update(due_at=tomorrow)
    return queries, delays


def _looks(lives: list[Life], start: datetime, *, callbacks: bool) -> list[datetime]:
    """When each is looked at first, in this round: an old one somewhere in its interval."""
    from generations import pace

    usuals = {mode: pace.Usual(*law) for mode, law in LAWS.items()}
    chance = random.Random(3)  # noqa: S311
    seconds = []
    for one in lives:
        usual = usuals[one.mode]
        look = one.begin + pace.first_look(usual, callbacks=callbacks)
        if look < 0:
            look = chance.random() * pace.interval(-one.begin, usual, callbacks=callbacks)
        seconds.append(look)
    return [start + timedelta(seconds=each) for each in seconds]


def _wait(pks: list[int], *, until: float) -> None:
    from generations.models import Generation, State

    pause = threading.Event()
    rows = Generation.objects.filter(pk__in=pks, state=State.PROCESSING)
    while rows.exists() and time.time() < until:
        pause.wait(2.0)


def _delays(measured: dict[int, Any]) -> list[float]:
    from bench import jobs
    from generations.models import State, Transition

    seen = Transition.objects.filter(generation__in=measured, now=State.STORING)
    delays = [
        at.timestamp() - jobs.end_of(measured[pk].task_id)
        for pk, at in seen.values_list("generation", "at")
    ]
    return delays + [LONGEST] * (len(measured) - len(delays))


def _teach(account: Any, *, reliable: bool) -> None:
    from bench import jobs
    from generations.models import CallbackHealth, UsualDuration

    for mode, (middle, spread) in LAWS.items():
        UsualDuration.objects.update_or_create(
            dialect=account.dialect,
            operation=jobs.OPERATION,
            model=jobs.OPERATION,
            mode=mode,
            defaults={"count": 50, "mean": log(middle), "variance": spread**2},
        )
    share = HEARD if reliable else 0.0
    CallbackHealth.objects.update_or_create(
        account=account, defaults={"judged": 100, "share": share, "reliable": reliable}
    )


def _call_back(made: list[Any], heard: float, stop: threading.Event) -> None:
    from django.db import connection

    from bench import jobs
    from generations import refresh

    chance = random.Random(2)  # noqa: S311
    calls = sorted(
        (jobs.end_of(job.task_id) + chance.expovariate(1), number)
        for number, job in enumerate(made)
        if chance.random() < heard
    )
    for at, number in calls:
        if stop.wait(max(0.0, at - time.time())):
            break
        refresh.call_back(made[number])
    connection.close()
