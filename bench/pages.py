"""How long a page of the list takes, at the newest job and far behind it, among a million jobs."""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from statistics import median
from urllib.parse import urlsplit

from bench import servers
from bench.claims import LARGE
from bench.inside import run_inside

FAR = 2000  # pages of the default length
ROUNDS = 30
GOAL = 1.5  # times the first page


def run() -> bool | None:
    return run_inside("pages", needs_postgresql=True)


def inside() -> bool:
    from bench import claims, jobs

    account = jobs.account("http://127.0.0.1:9")
    claims.fill(account.pk, LARGE, unfinished=False)
    with servers.gunicorn(dict(os.environ), "kling_saas.settings") as product:
        parts = urlsplit(product)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        far = _cursor_of(connection, rows=FAR * 20)
        _page(connection, "")
        first, last = [], []
        for _ in range(ROUNDS):  # in turns, so that a busy neighbour slows both
            first.append(_page(connection, "")[0])
            last.append(_page(connection, f"&cursor={far}")[0])
    ratio = median(last) / median(first)
    out = sys.stdout.write
    out(f"GET /api/v1/generations among {LARGE:,} jobs of one workspace, median of {ROUNDS}\n")
    out(f"page 1 {median(first) * 1000:.1f} ms, page {FAR:,} {median(last) * 1000:.1f} ms: ")
    out(f"{ratio:.2f} times (goal {GOAL})\n")
    return ratio <= GOAL


def _cursor_of(connection: http.client.HTTPConnection, *, rows: int) -> str:
    """By going there: a cursor is not for clients to make."""
    cursor = ""
    for _ in range(rows // 100):
        _, cursor = _page(connection, f"&cursor={cursor}" if cursor else "", limit=100)
    return cursor


def _page(
    connection: http.client.HTTPConnection, query: str, *, limit: int = 20
) -> tuple[float, str]:
    """Seconds it took, and the cursor of the page after it."""
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {os.environ['BENCH_API_KEY']}"}
    connection.request("GET", f"/api/v1/generations?limit={limit}{query}", headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    spent = time.monotonic() - began
    if answer.status != 200 or len(body["data"]) != limit:
        raise RuntimeError(f"no page: {answer.status} {str(body)[:300]}")
    return spent, str(body["next_cursor"])
