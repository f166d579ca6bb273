"""How long creating a job takes, against a bare view that commits the same rows."""

from __future__ import annotations

import json
import os
import sys

from bench import servers
from bench.load import Result, post

CLIENTS = 8
EACH = int(os.environ.get("BENCH_REQUESTS", "60"))  # per client and round
ROUNDS = 3
GOAL = 0.5  # of the bare view's throughput

BODY = json.dumps(
    {"operation": "text-to-audio", "input": {"prompt": "Waves on a beach", "duration": 3}}
)


def run() -> bool:
    with servers.installation() as (environment, key):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        with (
            servers.gunicorn(environment, "bench.bare_settings") as bare,
            servers.gunicorn(environment, "kling_saas.settings") as product,
        ):
            urls = (f"{bare}/create", f"{product}/api/v1/generations")
            for url in urls:
                post(url, BODY, headers, clients=CLIENTS, each=5)  # warm up
            # In turns, so that a busy neighbour slows both.
            rounds = [
                [post(url, BODY, headers, clients=CLIENTS, each=EACH) for url in urls]
                for _ in range(ROUNDS)
            ]
    database = "PostgreSQL" if servers.on_postgresql() else "SQLite"
    return _report(database, rounds)


def _report(database: str, rounds: list[list[Result]]) -> bool:
    out = sys.stdout.write
    out(f"create job, {CLIENTS} clients, {database}, {ROUNDS} rounds of {CLIENTS * EACH}\n")
    out(f"{'':14}{'req/s':>8}{'p50 ms':>9}{'p95 ms':>9}\n")
    rounds = sorted(rounds, key=lambda pair: pair[1].throughput / pair[0].throughput)
    bare, product = rounds[len(rounds) // 2]
    for name, result in (("bare view", bare), ("product", product)):
        out(f"{name:14}{result.throughput:8.0f}{result.p50 * 1000:9.1f}{result.p95 * 1000:9.1f}\n")
    ratio = product.throughput / bare.throughput
    out(f"throughput {ratio:.2f} of the bare view (median of {ROUNDS}; goal {GOAL})\n")
    out(f"p50 {product.p50 / bare.p50:.2f} times the bare view's\n")
    return ratio >= GOAL
