"""How long creating a job takes, against a bare view that commits the same rows."""

from __future__ import annotations

import json
import os
import sys
from statistics import median

from bench import servers
from bench.load import Result, Target, post

CLIENTS = 8
EACH = int(os.environ.get("BENCH_REQUESTS", "60"))  # per client and round
ROUNDS = 5
GOAL, GOAL_P50 = 0.67, 1.5  # of the bare view's throughput, and of its p50

BODY = json.dumps(
    {"operation": "text-to-audio", "input": {"prompt": "Waves on a beach", "duration": 3}}
)


def run() -> bool:
    with servers.installation() as (environment, _):
        customers = [servers.workspace(environment) for _ in range(CLIENTS)]
        with (
            servers.gunicorn(environment, "bench.bare_settings") as bare,
            servers.gunicorn(environment, "kling_saas.settings") as product,
        ):
            own = [_targets(bare, product, one) for one in customers]
            fine = [
                _measure("each its own workspace", own),
                _measure("one workspace, whose account all wait for", own[:1] * CLIENTS),
            ]
    return all(fine)


def _targets(bare: str, product: str, customer: dict[str, str]) -> tuple[Target, Target]:
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {customer['api_key']}",
    }
    return (
        Target(f"{bare}/create/{customer['workspace']}", headers),
        Target(f"{product}/api/v1/generations", headers),
    )


def _measure(name: str, clients: list[tuple[Target, Target]]) -> bool:
    sides = list(zip(*clients, strict=True))
    for targets in sides:
        post(targets, BODY, each=5)  # warm up
    # In turns, so that a busy neighbour slows both.
    rounds = [[post(targets, BODY, each=EACH) for targets in sides] for _ in range(ROUNDS)]
    return _report(name, rounds)


def _times(result: Result) -> tuple[float, float]:
    return result.p50, result.p95


def _report(name: str, rounds: list[list[Result]]) -> bool:
    out = sys.stdout.write
    database = "PostgreSQL" if servers.on_postgresql() else "SQLite"
    out(f"create job, {CLIENTS} clients, {name}, {database}\n")
    out(f"{'':14}{'req/s':>8}{'p50 ms':>9}{'p95 ms':>9}\n")
    for side, results in zip(("bare view", "product"), zip(*rounds, strict=True), strict=True):
        throughput = median(one.throughput for one in results)
        p50, p95 = (median(times) * 1000 for times in zip(*map(_times, results), strict=True))
        out(f"{side:14}{throughput:8.0f}{p50:9.1f}{p95:9.1f}\n")
    ratio = median(product.throughput / bare.throughput for bare, product in rounds)
    slower = median(product.p50 / bare.p50 for bare, product in rounds)
    out(f"throughput {ratio:.2f} of the bare view (goal {GOAL}), p50 {slower:.2f} times (goal ")
    out(f"{GOAL_P50}); medians of {ROUNDS} rounds of {CLIENTS * EACH}\n\n")
    return ratio >= GOAL and slower <= GOAL_P50
