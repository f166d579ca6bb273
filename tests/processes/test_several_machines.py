"""Two web processes and two workers on one database, as on several machines."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import requests

from kling.simulator.server import RunningSimulator
from tests.installation import Installation, installation, shared_folder
from tests.kling_saas.test_processes import free_port
from tests.processes.machines import (
    Customers,
    Part,
    check,
    is_known,
    new_key,
    under_way,
    web,
    worker,
)
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
    with customers.buying(BUYERS):
        replace_all(installed, customers, webs, workers)
    assert {answer.status_code for _, answer in customers.answers} == {202}
    check(installed, orders=len({order for order, _ in customers.answers}) + len(webs))


def replace_all(
    installed: Installation, customers: Customers, webs: list[Part], workers: list[Part]
) -> None:
    with ThreadPoolExecutor(1) as threads:
        for number, (one, another) in enumerate(zip(webs, workers, strict=True)):
            order, port = f"patient-{number}", customers.ports[number]
            patient = threads.submit(customers.create, order, port, seconds=60, slow=600)
            wait_until(partial(is_known, installed, order), seconds=30)
            one.replace()
            # Who waits for a result is told what there is, and not cut off.
            assert patient.result(timeout=1).status_code == 202
            wait_until(lambda: under_way(installed) > 2, seconds=30, what="jobs are under way")
            another.replace()


# The next version of the product, which has the same code and a schema that is a step ahead.
LATER = {
    "DJANGO_SETTINGS_MODULE": "later.settings",
    "PYTHONPATH": str(Path(__file__).parent / "two_versions"),
}


def test_two_versions_at_once_lose_double_and_refuse_nothing(
    installed: Installation, ports: list[int]
) -> None:
    webs = [web(installed, port) for port in ports]
    workers = [worker(installed, number) for number in (1, 2)]
    customers = Customers(new_key(installed), ports)
    with customers.buying(BUYERS):
        wait_until(lambda: under_way(installed) > 2, seconds=30, what="jobs are under way")
        installed.manage("prepare", **LATER)
        for port in ports:  # the older ones go on, and say so
            assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=20).ok
        for number, (one, another) in enumerate(zip(webs, workers, strict=True)):
            one.replace(**LATER)
            another.replace(**LATER)
            # What is new in it, an older worker does not know, and goes on with the next.
            installed.ring("later.tasks.greet", str(number))
            wait_until(lambda: lanes(installed) == {"usual", "express"}, seconds=30)
            wait_until(lambda: under_way(installed) > 2, seconds=30, what="jobs are under way")
    assert {answer.status_code for _, answer in customers.answers} == {202}
    check(installed, orders=len({order for order, _ in customers.answers}))


def lanes(installed: Installation) -> set[str]:
    """Of jobs that older processes made since, and of those that newer ones did."""
    return {lane for (lane,) in installed.sql("SELECT DISTINCT lane FROM generations_generation")}
