"""How soon a finished job is seen, and after how many queries: thousands of jobs in flight.

Durations are log-normal, and the product knows their law from earlier jobs. Callbacks, where they
come, call the same function as the hook does, a second late on average.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from dataclasses import dataclass
from math import log
from statistics import mean, median
from typing import Any

from bench.inside import run_inside

JOBS = int(os.environ.get("BENCH_IN_FLIGHT", "2000"))
MEDIAN, SPREAD = 60.0, 0.4
HEARD = 0.98
TICK = 1.0  # of the worker's clock
LONGEST = 240.0
FIXED = 5.0  # seconds between two looks of the baseline


@dataclass(frozen=True)
class Goal:
    delay: float
    queries: float


GOALS = {"without callbacks": Goal(3.0, 12.0), "with callbacks": Goal(1.5, 2.0)}


def run() -> bool:
    return run_inside("detection")


def inside() -> bool:
    from bench import jobs, provider

    out = sys.stdout.write
    chance = random.Random(1)  # noqa: S311
    lengths = [chance.lognormvariate(log(MEDIAN), SPREAD) for _ in range(JOBS)]
    out(f"{JOBS} jobs in flight, median {MEDIAN:.0f} s\n")
    out(f"{'':20}{'queries a job':>14}{'median s':>10}{'mean s':>8}{'CPU s':>8}\n")
    out(f"{'every 5 s':20}{mean(lengths) / FIXED:14.1f}{FIXED / 2:10.1f}{FIXED / 2:8.1f}{'-':>8}\n")
    fine = True
    with provider.running() as url:
        account = jobs.account(url)
        for name, goal in GOALS.items():
            before, cpu = provider.asked_so_far(url), time.process_time()
            delays = _live(account, lengths, heard=HEARD if name == "with callbacks" else None)
            queries = (provider.asked_so_far(url) - before) / JOBS
            spent = time.process_time() - cpu
            out(f"{name:20}{queries:14.1f}{median(delays):10.2f}{mean(delays):8.2f}{spent:8.1f}\n")
            fine = fine and median(delays) <= goal.delay and queries <= goal.queries
    out("goals: 12 queries and 3 s; with callbacks, of which 98 % come, 2 queries and 1.5 s\n")
    return fine


def _live(account: Any, lengths: list[float], *, heard: float | None) -> list[float]:
    """The delay of each job from its end to its verdict here, in seconds."""
    from django.utils import timezone

    from bench import jobs
    from generations import polling, refresh
    from generations.looks import Schedule
    from generations.models import Generation, State, Transition

    _teach(account, reliable=heard is not None)
    began, now = time.time(), timezone.now()
    # The same first look for all, from the law; spread a little, as submissions are.
    sample = Generation(account=account, operation=jobs.OPERATION, model=jobs.OPERATION)
    first = Schedule.of(sample).first(sample)
    made = jobs.running(account, [began + one for one in lengths], begun=now, due=[first] * JOBS)
    stop, pause = threading.Event(), threading.Event()
    caller = threading.Thread(target=_call_back, args=(made, heard or 0.0, stop))
    caller.start()
    rows = Generation.objects.filter(pk__in=[job.pk for job in made], state=State.PROCESSING)
    while rows.exists() and time.time() < began + LONGEST:
        if refresh.due().exists():
            polling.run()
        pause.wait(TICK)
    stop.set()
    caller.join()
    seen = Transition.objects.filter(generation__in=made, now=State.STORING)
    ends = {job.pk: int(job.task_id) / 1000 for job in made}
    found = seen.values_list("generation", "at")
    delays = [at.timestamp() - ends[pk] for pk, at in found]
    return delays + [LONGEST] * (JOBS - len(delays))


def _teach(account: Any, *, reliable: bool) -> None:
    from bench import jobs
    from generations.models import CallbackHealth, UsualDuration

    UsualDuration.objects.update_or_create(
        dialect=account.dialect,
        operation=jobs.OPERATION,
        model=jobs.OPERATION,
        mode="",
        defaults={"count": 50, "mean": log(MEDIAN), "variance": SPREAD**2},
    )
    share = 0.98 if reliable else 0.0
    CallbackHealth.objects.update_or_create(
        account=account, defaults={"judged": 100, "share": share, "reliable": reliable}
    )


def _call_back(made: list[Any], heard: float, stop: threading.Event) -> None:
    from django.db import connection

    from generations import refresh

    chance = random.Random(2)  # noqa: S311
    calls = sorted(
        (int(job.task_id) / 1000 + chance.expovariate(1), number)
        for number, job in enumerate(made)
        if chance.random() < heard
    )
    for at, number in calls:
        if stop.wait(max(0.0, at - time.time())):
            break
        refresh.call_back(made[number])
    connection.close()
