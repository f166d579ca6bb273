"""A load from this machine to this machine: so many clients, so many requests, then it stops."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from time import monotonic
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Result:
    requests: int
    seconds: float
    latencies: tuple[float, ...]

    @property
    def throughput(self) -> float:
        return self.requests / self.seconds

    @property
    def p50(self) -> float:
        return median(self.latencies)

    @property
    def p95(self) -> float:
        return quantiles(self.latencies, n=20)[-1]


@dataclass(frozen=True)
class Target:
    url: str
    headers: dict[str, str]


def post(targets: Sequence[Target], body: str, *, each: int) -> Result:
    """POST `each` times to each target, from a kept connection. Raises on any other than 202."""
    latencies: list[float] = []
    failures: list[str] = []

    def run(target: Target) -> None:
        parts = urlsplit(target.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        for _ in range(each):
            began = monotonic()
            connection.request("POST", parts.path, body, target.headers)
            response = connection.getresponse()
            text = response.read()
            latencies.append(monotonic() - began)
            if response.status != 202:
                failures.append(f"{response.status} {text[:300]!r}")
                return
        connection.close()

    began = monotonic()
    threads = [threading.Thread(target=run, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures or len(latencies) < len(targets) * each:
        raise RuntimeError(f"a request failed: {failures[:1]}")
    return Result(len(latencies), monotonic() - began, tuple(latencies))
