"""What a thousand open pages cost the web, whose jobs begin, run, wait in line and end.

Half are pages of a job, half are the studio with one running job below its form, each of another
person. One loop plays the browsers (`open_pages`); the processors' time of gunicorn's processes
alone is counted. The baseline is computed, not run: each question answered, at the same pace, with
the whole page of a job.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from math import log
from statistics import median, quantiles
from typing import TYPE_CHECKING

from bench import servers
from bench.inside import run_inside

if TYPE_CHECKING:
    from bench.open_pages import Page

OPEN = int(os.environ.get("BENCH_PAGES", "1000"))
IN_LINE = OPEN // 10  # of them wait in line; one of those begins every other second
SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))
MEDIAN, SPREAD, LONGEST = 100.0, 0.5, 600.0  # seconds of a job, log-normal
SUBMITTING, STORING = 2.0, 3.0  # seconds at the begin and at the end of a job
OPENERS = 8  # pages that are opened at the same time
GOAL = 0.5  # cores
# Of the changes, pages get so many at least: one that asks every ten seconds misses a short state.
SEEN = 2 / 3

Life = tuple[float, float]  # its begin and its end, in seconds from the start
Step = tuple[float, int, str]  # so many seconds after the start the job has that state


def run() -> bool | None:
    return run_inside("live")


def inside() -> bool:
    from bench import audience, jobs

    lives = _lives(random.Random(1))  # noqa: S311
    owners, cookies = audience.gather(len(lives))
    account = jobs.account("http://127.0.0.1:9")
    made_at = time.time()
    made = audience.jobs_of(owners, account, [begin for begin, _ in lives], _states(lives))
    places = [f"/generations/{one.public_id}" if one.pk % 2 else "/studio/" for one in made]
    pages = _pages(places, cookies)
    servers.manage(dict(os.environ), "prepare", "--static-only")
    with servers.gunicorn(dict(os.environ), "kling_saas.settings") as url:
        whole = _opened([page for page in pages if page.path != "/studio/"], url)
        _opened([page for page in pages if page.path == "/studio/"], url)
        later, start = time.time() - made_at, time.monotonic()
        audience.make_younger(later)
        for page, (begin, _) in zip(pages, lives, strict=True):
            page.begin(at=start + begin, later=later)
        steps = _steps(lives, [one.pk for one in made])
        answers, cores = followed(pages, steps, start)
    check(answers, changes=len(steps))
    return _report(answers, cores, whole=whole)


def _lives(chance: random.Random) -> list[Life]:
    """As many at any time. Those in line come last, and begin to run when their turn comes."""
    lengths = [min(chance.lognormvariate(log(MEDIAN), SPREAD), LONGEST) for _ in range(20_000)]
    count = (OPEN - IN_LINE) / (sum(lengths) / len(lengths)) * (LONGEST + SECONDS)
    drawn = [(chance.uniform(-LONGEST, SECONDS), length) for length in lengths[: round(count)]]
    running = [(begin, begin + length) for begin, length in drawn if begin + length > 0]
    return running + [(-chance.uniform(0, LONGEST), 10 * LONGEST) for _ in range(IN_LINE)]


def _states(lives: Sequence[Life]) -> list[str]:
    running = ["submitting" if begin > 0 else "processing" for begin, _ in lives[:-IN_LINE]]
    return running + ["queued"] * IN_LINE


def _steps(lives: Sequence[Life], pks: Sequence[int]) -> list[Step]:
    steps: list[Step] = []
    for (begin, end), pk in zip(lives[:-IN_LINE], pks[:-IN_LINE], strict=True):
        if begin > 0:
            steps.append((begin + SUBMITTING, pk, "processing"))
        steps += [(end - STORING, pk, "storing"), (end, pk, "succeeded")]
    steps += [(2.0 * turn, pk, "processing") for turn, pk in enumerate(pks[-IN_LINE:])]
    return sorted(step for step in steps if 0 < step[0] < SECONDS)


def _pages(places: Sequence[str], cookies: Sequence[str]) -> list[Page]:
    from bench.open_pages import Page

    chance = random.Random(2)  # noqa: S311
    return [
        Page(path, cookie, first=chance.random())
        for path, cookie in zip(places, cookies, strict=True)
    ]


def _opened(pages: Sequence[Page], url: str) -> float:
    """CPU seconds of the web for each."""
    from bench.open_pages import open_all

    asyncio.run(open_all(pages[: 2 * OPENERS], url, together=OPENERS))  # warm up
    cpu = _cpu()
    asyncio.run(open_all(pages, url, together=OPENERS))
    return (_cpu() - cpu) / len(pages)


def followed(
    pages: Sequence[Page], steps: Sequence[Step], start: float
) -> tuple[dict[str, list[float]], float]:
    """Seconds of each answer by its kind, and the cores that the web has used."""
    from bench.open_pages import follow_all

    with ThreadPoolExecutor(1) as worker:
        cpu = _cpu()
        moved = worker.submit(_move, steps, start)
        answers = asyncio.run(follow_all(pages, until=start + SECONDS))
        cores = (_cpu() - cpu) / (time.monotonic() - start)
        moved.result()  # raises what went wrong in it
    return answers, cores


def check(answers: dict[str, list[float]], *, changes: int) -> None:
    """Pages that miss what happens to their jobs are cheap, and worth nothing."""
    seen = len(answers["part"])
    if seen < SEEN * changes:
        raise RuntimeError(f"of {changes} changes the pages have got {seen}")


def _move(steps: Sequence[Step], start: float) -> None:
    """Plays the worker."""
    from django.db import connection
    from django.utils import timezone

    from generations.models import Generation

    pause = threading.Event()
    with closing(connection):
        for at, pk, state in steps:
            pause.wait(max(0.0, start + at - time.monotonic()))
            final = {"due_at": None, "finished_at": timezone.now()} if state == "succeeded" else {}
            Generation.objects.filter(pk=pk).update(state=state, **final)


def _cpu() -> float:
    """Seconds that the processes of the web, our only children, have used so far."""
    import psutil

    times = [one.cpu_times() for one in psutil.Process().children(recursive=True)]
    return float(sum(one.user + one.system for one in times))


def _report(answers: dict[str, list[float]], cores: float, *, whole: float) -> bool:
    out = sys.stdout.write
    database = "PostgreSQL" if servers.on_postgresql() else "SQLite"
    out(f"{OPEN:,} open pages for {SECONDS:.0f} s, 2 processes of 8 threads, {database}\n")
    out(f"{'':34}{'req/s':>8}{'p50 ms':>9}{'p95 ms':>9}{'cores':>8}\n")
    rate = len(answers["live"]) / SECONDS
    out(f"{'baseline: the job page each time':34}{rate:8.1f}{'-':>9}{'-':>9}{whole * rate:8.2f}")
    out(f"  (of {whole * 1000:.1f} ms CPU each, not run)\n")
    for name, kind in (("light requests", "live"), ("parts that had changed", "part")):
        found = answers[kind]
        p50, p95 = median(found) * 1000, quantiles(found, n=20)[-1] * 1000
        out(f"{name:34}{len(found) / SECONDS:8.1f}{p50:9.1f}{p95:9.1f}\n")
    share = cores / (whole * rate)
    out(f"{'both together':34}{'':26}{cores:8.2f}  (goal {GOAL}; {share:.0%} of the baseline)\n")
    return cores <= GOAL
