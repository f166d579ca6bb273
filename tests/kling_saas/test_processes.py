"""`manage.py serve` and `make run`: real processes, started and ended as people do."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest

from tests.installation import ROOT, Installation, installation, shared_folder
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

# Generous: this machine may do other things. `make run` alone on two cores takes about five.
START_SECONDS = 120
STOP_SECONDS = 10


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def installed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    shared = shared_folder(tmp_path_factory)
    port = str(free_port())
    with installation(tmp_path / "var", shared=shared, PORT=port) as made:
        yield made


class Serving:
    """A running `serve`, and the page of its words."""

    def __init__(self, installed: Installation) -> None:
        self.installed = installed
        self.process = installed.start("serve")
        wait_until(self.is_up, seconds=START_SECONDS, what="the product is up")

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.output()
        return "Ctrl-C" in self.output()

    def output(self) -> str:
        return self.installed.output(self.process)

    def said(self, name: str) -> str:
        found = re.search(rf"^  {name} +(\S+)", self.output(), re.MULTILINE)
        assert found, self.output()
        return found[1]

    def get(self, path: str, *, key: str = "") -> tuple[int, Any]:
        port = int(self.installed.environment["PORT"])
        with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def stop(self, number: signal.Signals) -> float:
        begun = monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        return monotonic() - begun

    def answers(self) -> bool:
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def has_another(self, part: str, than: psutil.Process) -> bool:
        try:
            return self.child(part).pid != than.pid
        except (StopIteration, psutil.Error):
            return False

    def child(self, part: str) -> psutil.Process:
        """The child whose command line has `part`."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if part in " ".join(child.cmdline()))


def test_it_serves_stops_and_keeps_everything(installed: Installation) -> None:
    first = Serving(installed)
    key = first.said("API key")
    assert first.get("/readyz")[1]["status"] == "ready"
    assert first.get("/api/v1/credits", key=key)[1]["available"] == "200"
    told = json.loads((installed.var / "serving.json").read_text())
    assert first.stop(signal.SIGTERM) < STOP_SECONDS
    assert first.process.returncode == 0
    assert not installed.processes()
    assert (installed.var / "demo.json").stat().st_mode & 0o777 == 0o600

    second = Serving(installed)
    assert second.said("API key") == key
    assert second.said("Password") == first.said("Password")
    assert second.get("/api/v1/credits", key=key)[1]["available"] == "200"
    # Stored links to the simulator's media stay good.
    again = json.loads((installed.var / "serving.json").read_text())
    assert again["SIMULATOR_URL"] == told["SIMULATOR_URL"]
    assert second.stop(signal.SIGINT) < STOP_SECONDS
    assert not installed.processes()


def test_commands_elsewhere_find_what_it_started(installed: Installation) -> None:
    serving = Serving(installed)
    report = installed.manage("doctor")
    assert "provider account simulator (simulated)" in report
    assert "payment is the sandbox's" in report
    assert "1 worker alive" in report
    assert "0 wrong" in report
    serving.stop(signal.SIGTERM)
    assert "payment is the sandbox's" not in installed.manage("doctor")


def test_a_second_one_is_refused_and_breaks_nothing(installed: Installation) -> None:
    serving = Serving(installed)
    second = installed.start("serve")
    assert second.wait(timeout=60) == 1
    said = installed.output(second)
    assert f"is being served already, on port {installed.environment['PORT']}" in said
    assert "Traceback" not in said
    assert serving.get("/readyz")[0] == 200
    # And a kill that leaves no time to clean up leaves nothing behind either.
    serving.process.kill()
    wait_until(lambda: not installed.processes(), seconds=STOP_SECONDS, what="nothing is left")


def test_a_taken_port_is_named(installed: Installation) -> None:
    port = installed.environment["PORT"]
    with socket.create_server(("127.0.0.1", int(port))):
        refused = installed.start("serve")
        assert refused.wait(timeout=60) == 1
    said = installed.output(refused)
    assert f"Port {port} is taken by another program" in said
    assert "Traceback" not in said
    assert not installed.processes()


def test_it_starts_a_part_again_that_has_ended(installed: Installation) -> None:
    serving = Serving(installed)
    for part in ("kling.simulator", "gunicorn"):
        ended = serving.child(part)
        ended.kill()
        back = partial(serving.has_another, part, ended)
        wait_until(back, seconds=30, what=f"{part} is back")
    wait_until(serving.answers, seconds=START_SECONDS, what="the product is ready again")
    assert "simulator ended (-9)" in serving.output()
    assert serving.stop(signal.SIGTERM) < STOP_SECONDS
    assert not installed.processes()


def test_it_gives_up_on_a_part_that_keeps_ending(installed: Installation) -> None:
    serving = Serving(installed)

    def kill_again() -> bool:
        if serving.process.poll() is None:
            with suppress(StopIteration, psutil.Error):
                serving.child("kling.simulator").kill()
        return serving.process.poll() is not None

    wait_until(kill_again, seconds=60, what="it has given up")
    assert serving.process.returncode == 1
    assert "simulator ended (-9)" in serving.output()
    wait_until(lambda: not installed.processes(), seconds=STOP_SECONDS, what="nothing is left")


def test_it_stops_in_time_although_a_part_hangs(installed: Installation) -> None:
    serving = Serving(installed)
    for name in ("gunicorn", "manage.py worker"):
        serving.child(name).suspend()
    assert serving.stop(signal.SIGTERM) < STOP_SECONDS
    assert "Had to be killed: " in serving.output()
    wait_until(lambda: not installed.processes(), seconds=2, what="nothing is left")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_make_run_stops_when_make_alone_is_asked(
    installed: Installation, number: signal.Signals
) -> None:
    output = installed.var / "make-output"
    with output.open("w") as file:
        make = subprocess.Popen(
            # Tests that run in the background may have been told to ignore it, and make with them.
            ["env", "--default-signal=INT", "make", "run"],
            env=installed.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    wait_until(lambda: "Ctrl-C" in output.read_text(), seconds=START_SECONDS, what="it is up")
    begun = monotonic()
    os.kill(make.pid, number)
    make.wait(timeout=60)
    wait_until(lambda: not installed.processes(), seconds=STOP_SECONDS, what="nothing is left")
    assert monotonic() - begun < STOP_SECONDS
