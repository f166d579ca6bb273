"""How long creating a job takes, against a bare view that commits the same rows."""

from __future__ import annotations

import json
import os
import sys

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


def _report(name: str, rounds: list[list[Result]]) -> bool:
    out = sys.stdout.write
    database = "PostgreSQL" if servers.on_postgresql() else "SQLite"
    out(f"create job, {CLIENTS} clients, {name}, {database}\n")
    out(f"{'':14}{'req/s':>8}{'p50 ms':>9}{'p95 ms':>9}\n")
    rounds = sorted(rounds, key=lambda pair: pair[1].throughput / pair[0].throughput)
    bare, product = rounds[len(rounds) // 2]
    for side, result in (("bare view", bare), ("product", product)):
        out(f"{side:14}{result.throughput:8.0f}{result.p50 * 1000:9.1f}{result.p95 * 1000:9.1f}\n")
    ratio, slower = product.throughput / bare.throughput, product.p50 / bare.p50
    out(f"throughput {ratio:.2f} of the bare view (goal {GOAL}), p50 {slower:.2f} times (goal ")
    out(f"{GOAL_P50}); {ROUNDS} rounds of {CLIENTS * EACH}, the median by throughput\n\n")
    return ratio >= GOAL and slower <= GOAL_P50
