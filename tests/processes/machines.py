"""Web processes and workers on one database, as on several machines, and customers who ask them."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from threading import Event
from typing import Any

import requests

from tests.installation import Installation
from tests.waiting import wait_until


class Part:
    """One process of the installation, which can be replaced by another of its kind."""

    def __init__(self, installed: Installation, *command: str, is_up: Callable[[], bool]) -> None:
        self.installed, self.command, self.is_up = installed, command, is_up
        self.begin()

    def begin(self, **environment: str) -> None:
        self.process = self.installed.start_program(*self.command, **environment)
        wait_until(self.is_up, seconds=60, what=" ".join(self.command))

    def replace(self, **environment: str) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0, self.installed.output(self.process)
        self.begin(**environment)


def web(installed: Installation, port: int) -> Part:
    def answers() -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=20).ok
        return False

    gunicorn = ("-m", "gunicorn", "--config", "python:kling_saas.web_server")
    # Less than a patient customer waits.
    bind = ("--bind", f"127.0.0.1:{port}", "--graceful-timeout", "5")
    return Part(installed, *gunicorn, *bind, "kling_saas.wsgi:application", is_up=answers)


def worker(installed: Installation, number: int) -> Part:
    def all_beat() -> bool:
        beating = "SELECT count(*) FROM worker_heartbeat WHERE beat_at IS NOT NULL"
        return installed.sql(beating) == [(number,)]

    return Part(installed, "manage.py", "worker", is_up=all_beat)


class Customers:
    """They ask the web processes in turn. Where one is away they ask the next, as a proxy does."""

    def __init__(self, key: str, ports: list[int]) -> None:
        self.key, self.ports = key, ports
        self.asked = count()
        self.enough = Event()
        self.answers: list[tuple[str, requests.Response]] = []

    def buy(self) -> None:
        while not self.enough.wait(0.4):
            number = next(self.asked)
            found = None
            while found is None:
                with suppress(requests.ConnectionError):
                    found = self.create(f"order-{number}", self.ports[number % len(self.ports)])
                number += 1
            self.answers.append((found.request.headers["Idempotency-Key"], found))

    @contextmanager
    def buying(self, number: int) -> Iterator[None]:
        """So many of them buy meanwhile; what each is told is in `answers`."""
        with ThreadPoolExecutor(number) as threads:
            ones = [threads.submit(self.buy) for _ in range(number)]
            try:
                yield
            finally:
                self.enough.set()
            for one in ones:
                one.result()

    def create(self, order: str, port: int, *, seconds: int = 0, slow: int = 100) -> Any:
        sound = {"prompt": f"[slow:{slow}] Rain", "duration": 3}
        return requests.post(
            f"http://127.0.0.1:{port}/api/v1/generations",
            json={"operation": "text-to-audio", "input": sound},
            headers={
                "Authorization": f"Bearer {self.key}",
                "Idempotency-Key": order,
                "Prefer": f"wait={seconds}",
            },
            timeout=60,
        )


def under_way(installed: Installation) -> int:
    states = "('submitting', 'processing', 'storing')"
    return int(
        installed.sql(f"SELECT count(*) FROM generations_generation WHERE state IN {states}")[0][0]
    )


def new_key(installed: Installation) -> str:
    account = ("--name", "Studio", "--owner", "ada@example.com", "--credits", "1000")
    made = installed.manage("create_workspace", *account, "--api-key", "test")
    return str(json.loads(made)["api_key"])


def is_known(installed: Installation, order: str) -> bool:
    return bool(installed.sql("SELECT 1 FROM generations_idempotencykey WHERE key = ?", order))


def check(installed: Installation, *, orders: int) -> None:
    """Every order became one job, one task of the provider and one charge."""
    open_jobs = "SELECT 1 FROM generations_generation WHERE state <> 'succeeded'"
    wait_until(lambda: not installed.sql(open_jobs), seconds=60, what="every job has succeeded")
    states = "SELECT state, count(*) FROM generations_generation GROUP BY state"
    assert installed.sql(states) == [("succeeded", orders)]
    charged = "SELECT count(*), count(DISTINCT hold_id) FROM billing_entry WHERE kind = 'capture'"
    assert installed.sql(charged) == [(orders, orders)]
    assert json.loads(installed.manage("check_ledger"))["violations"] == []
    report = json.loads(installed.manage("reconcile_provider"))
    assert (report["checked"], report["orphans"], report["missing"]) == (orders, [], [])
