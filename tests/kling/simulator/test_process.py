"""As a process of its own, and over a restart."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from .caller import AUDIO, TUNE, Caller, Maker

Process = subprocess.Popen[str]


def launch(state: Path, *options: str) -> tuple[Process, str]:
    command = [sys.executable, "-m", "kling.simulator", "--port", "0", "--state", str(state)]
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("simulator listening on http://127.0.0.1:"), line
    return process, line.rsplit(" ", 1)[1].strip()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[Process, str]]:
    process, url = launch(tmp_path, "--key", "k", "--control", "--time-scale", "0.02")
    yield process, url
    process.kill()
    process.communicate()


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_two_seconds_whatever_hangs(
    process: tuple[Process, str], number: signal.Signals, wait_until: Callable[..., None]
) -> None:
    running, url = process
    held = {"stage": "submit", "kind": "hold", "value": 60, "path": AUDIO}
    requests.post(f"{url}/_simulator/faults", json=held, timeout=10)
    headers, broken = {"Authorization": "Bearer k"}, []

    def hang() -> None:
        try:
            requests.post(f"{url}/kling/v1/{AUDIO}", json=TUNE, headers=headers, timeout=30)
        except requests.ConnectionError as error:
            broken.append(error)

    hanging = threading.Thread(target=hang)
    hanging.start()
    wait_until(
        lambda: (
            requests.get(f"{url}/_simulator/faults", timeout=9).json()["faults"][0]["fired"] == 1
        )
    )
    drawing = {"model_name": "kling-v3", "prompt": "long", "mode": "4k", "duration": "15"}
    path = "v1/ai/e/kling/videos/text2video"
    answer = requests.post(f"{url}/{path}", json=drawing, headers=headers, timeout=10)
    assert answer.status_code == 200
    began = time.monotonic()
    running.send_signal(number)
    assert running.wait(timeout=10) == 0
    assert time.monotonic() - began < 2
    hanging.join()
    assert len(broken) == 1


@pytest.mark.processes
def test_it_logs_one_line_per_request(process: tuple[Process, str]) -> None:
    running, url = process
    requests.get(f"{url}/kling/v1/{AUDIO}/nobody?sig=secret", timeout=10)
    running.send_signal(signal.SIGTERM)
    _, log = running.communicate(timeout=10)
    (line,) = [line for line in log.splitlines() if "GET" in line]
    assert f"GET /kling/v1/{AUDIO}/nobody 401" in line
    assert "secret" not in log


def test_it_keeps_tasks_and_links_over_a_restart(make_simulator: Maker) -> None:
    first = make_simulator()
    caller = Caller(first, "cometapi")
    task_id = caller.create(AUDIO, TUNE | {"external_task_id": "kept"})
    before = caller.finished(AUDIO, task_id)
    first.stop()
    caller = Caller(make_simulator(), "cometapi")
    after = caller.state(AUDIO, "kept")
    assert after["task_id"] == task_id
    assert after["updated_at"] == before["updated_at"]
    old = before["task_result"]["audios"][0]["url_mp3"]
    moved = old.replace(first.url, caller.simulator.url)
    assert requests.get(moved, timeout=10).status_code == 200
    assert caller.post(AUDIO, TUNE | {"external_task_id": "kept"}).json()["code"] == 1201


def test_it_draws_again_what_was_lost(make_simulator: Maker, tmp_path: Path) -> None:
    state = tmp_path / "own"
    (state / "media").mkdir(parents=True)
    caller = Caller(make_simulator(state=state), "cometapi")
    task_id = caller.create(AUDIO, TUNE)
    caller.finished(AUDIO, task_id)
    for file in (state / "media").iterdir():
        file.unlink()
    url = caller.finished(AUDIO, task_id)["task_result"]["audios"][0]["url_wav"]
    assert requests.get(url, timeout=10).status_code == 200


def test_it_serves_kept_connections(make_simulator: Maker) -> None:
    caller = Caller(make_simulator(), "cometapi")
    ports = set()
    for _ in range(5):
        with caller.get(f"{AUDIO}/nobody", stream=True) as answer:
            ports.add(answer.raw.connection.sock.getsockname()[1])
            assert answer.json()["code"] == 1201
    assert len(ports) == 1


def test_it_refuses_a_body_that_is_too_large(make_simulator: Maker) -> None:
    simulator = make_simulator()
    answer = requests.post(
        f"{simulator.url}/kling/v1/{AUDIO}",
        headers={"Content-Length": str(10**9)},
        data=b"",
        timeout=10,
    )
    assert answer.status_code == 413
