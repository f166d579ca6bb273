"""Two web processes and two workers on one database, as on several machines."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from kling.simulator.server import RunningSimulator
from tests.installation import Installation, installation, shared_folder
from tests.kling_saas.test_processes import free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.race, pytest.mark.timeout(600)]
BUYERS = 2


@pytest.fixture
def ports() -> list[int]:
    return [free_port(), free_port()]


@pytest.fixture
def installed(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    simulator: RunningSimulator,
    ports: list[int],
) -> Iterator[Installation]:
    environment = {
        "SITE_URL": f"http://127.0.0.1:{ports[0]}",
        "SIMULATOR_URL": simulator.url,
        "FETCH_ALLOW_PRIVATE": "on",
        "TIMER_SCALE": "0.02",
        **{"WORKERS": "2", "WEB_WORKERS": "1"},
    }
    shared = shared_folder(tmp_path_factory)
    with installation(tmp_path / "var", shared=shared, **environment) as made:
        made.manage("prepare")
        yield made


class Part:
    """One process of the installation, which can be replaced by another of its kind."""

    def __init__(self, installed: Installation, *command: str, is_up: Callable[[], bool]) -> None:
        self.installed, self.command, self.is_up = installed, command, is_up
        self.begin()

    def begin(self) -> None:
        self.process: subprocess.Popen[str] = self.installed.start_program(*self.command)
        wait_until(self.is_up, seconds=60, what=" ".join(self.command))

    def replace(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=60) == 0, self.installed.output(self.process)
        self.begin()


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


def test_requests_are_counted_together(installed: Installation, ports: list[int]) -> None:
    for port in ports:
        web(installed, port)
    headers = {"Authorization": f"Bearer {new_key(installed)}"}
    installed.sql("UPDATE accounts_plan SET requests_per_minute = 5 WHERE slug = 'unlimited'")
    statuses = [
        requests.get(
            f"http://127.0.0.1:{port}/api/v1/credits", headers=headers, timeout=20
        ).status_code
        for port in ports * 4
    ]
    assert statuses == [200] * 5 + [429] * 3


def test_a_rolling_restart_loses_doubles_and_refuses_nothing(
    installed: Installation, ports: list[int]
) -> None:
    webs = [web(installed, port) for port in ports]
    workers = [worker(installed, number) for number in (1, 2)]
    key = new_key(installed)
    customers = Customers(key, ports)
    with ThreadPoolExecutor(BUYERS + 1) as threads:
        buying = [threads.submit(customers.buy) for _ in range(BUYERS)]
        try:
            replace_all(installed, customers, webs, workers, threads)
        finally:
            customers.enough.set()
        for one in buying:
            one.result()
    assert {answer.status_code for _, answer in customers.answers} == {202}
    check(installed, orders=len({order for order, _ in customers.answers}) + len(webs))


def replace_all(
    installed: Installation,
    customers: Customers,
    webs: list[Part],
    workers: list[Part],
    threads: ThreadPoolExecutor,
) -> None:
    for number, (one, another) in enumerate(zip(webs, workers, strict=True)):
        port = customers.ports[number]
        patient: Future[requests.Response] = threads.submit(
            customers.create, f"patient-{number}", port, seconds=60, slow=600
        )
        wait_until(partial(is_known, installed, f"patient-{number}"), seconds=30)
        one.replace()
        # Who waits for a result is told what there is, and not cut off.
        assert patient.result(timeout=1).status_code == 202
        wait_until(lambda: under_way(installed) > 2, seconds=30, what="jobs are under way")
        another.replace()


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
