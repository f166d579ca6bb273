"""A load from this machine to this machine: so many clients, so many requests, then it stops."""

from __future__ import annotations

import http.client
import threading
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


def post(url: str, body: str, headers: dict[str, str], *, clients: int, each: int) -> Result:
    """POST `each` times from each of `clients` kept connections. Raises on any other than 202."""
    latencies: list[float] = []
    failures: list[str] = []

    def run() -> None:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        for _ in range(each):
            began = monotonic()
            connection.request("POST", parts.path, body, headers)
            response = connection.getresponse()
            text = response.read()
            latencies.append(monotonic() - began)
            if response.status != 202:
                failures.append(f"{response.status} {text[:300]!r}")
                return
        connection.close()

    began = monotonic()
    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures or len(latencies) < clients * each:
        raise RuntimeError(f"a request failed: {failures[:1]}")
    return Result(len(latencies), monotonic() - began, tuple(latencies))
