"""Polls a second of one process, claims and writes included, against bare `requests`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import local

from bench.inside import run_inside

COUNT = 3000
ROUNDS = 3
GOAL = 0.4  # of the bare client's polls a second; that writes nothing down


def run() -> bool | None:
    return run_inside("polls")


def inside() -> bool:
    from bench import jobs, provider
    from generations.models import Generation

    out = sys.stdout.write
    with provider.running() as url:
        account = jobs.account(url)
        now = jobs.due_now(COUNT)
        ends = [time.time() + 3600 + number for number in range(COUNT)]
        # Not to be looked at again within the round, which would stay for it.
        long_ago = [at - timedelta(minutes=10) for at in now]
        made = jobs.running(account, [""] * COUNT, ends, begun=long_ago, due=now)
        pairs = []
        for _ in range(ROUNDS):  # in turns, so that a busy neighbour slows both
            bare = measured(lambda: ask_bare(url, [job.task_id for job in made]))
            Generation.objects.update(due_at=jobs.due_now(1)[0])
            pairs.append((bare, measured(_product)))
    bare, product = sorted(pairs, key=lambda pair: pair[1][0] / pair[0][0])[ROUNDS // 2]
    out(f"{COUNT} running jobs looked at once, one process, median of {ROUNDS} rounds\n")
    out(f"{'':14}{'polls/s':>9}{'CPU ms a poll':>15}\n")
    for name, (rate, cpu) in (("bare requests", bare), ("product", product)):
        out(f"{name:14}{rate:9.0f}{cpu * 1000:15.2f}\n")
    ratio = product[0] / bare[0]
    out(f"{ratio:.2f} of the bare client's (goal {GOAL})\n")
    return ratio >= GOAL


def measured(work: Callable[[], int]) -> tuple[float, float]:
    """Polls a second, and CPU seconds of this process for each; `work` says how many there were."""
    began, cpu = time.monotonic(), time.process_time()
    polls = work()
    return polls / (time.monotonic() - began), (time.process_time() - cpu) / polls


def _product() -> int:
    from generations import polling
    from generations.models import Generation

    Generation.objects.update(checks=0)
    polls = 0
    while Generation.objects.filter(checks=0).exists():
        polls += polling.run()
    return polls


def ask_bare(url: str, task_ids: list[str]) -> int:
    import requests

    from generations.backlog import USUAL

    own = local()

    def get(task_id: str) -> object:
        if not hasattr(own, "session"):
            own.session = requests.Session()
        return own.session.get(f"{url}/kling/v1/audio/text-to-audio/{task_id}", timeout=20).json()

    with ThreadPoolExecutor(USUAL.threads) as pool:
        return len(list(pool.map(get, task_ids)))
