from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kling.simulator.server import RunningSimulator, start
from tests.generations import media_server
from tests.generations.media_server import MediaServer

from .caller import KEY, Clock, Maker, Receiver, until


@pytest.fixture
def wait_until() -> Callable[..., None]:
    return until


@pytest.fixture(scope="session")
def drawn_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of media for all tests of this process: most of them ask for the same clip."""
    return tmp_path_factory.mktemp("media")


@pytest.fixture
def make_simulator(tmp_path: Path, drawn_files: Path) -> Iterator[Maker]:
    running: list[RunningSimulator] = []

    def make(*, state: Path = tmp_path / "state", **settings: Any) -> RunningSimulator:
        state.mkdir(exist_ok=True)
        if not (state / "media").exists():
            (state / "media").symlink_to(drawn_files)
        simulator = start(state=state, **({"key": KEY, "time_scale": 0.02} | settings))
        running.append(simulator)
        return simulator

    yield make
    for simulator in running:
        simulator.stop()


@pytest.fixture
def simulator(make_simulator: Maker) -> RunningSimulator:
    return make_simulator()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A place that takes callbacks."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            got.raw.append(raw)
            got.headers.append({name.lower(): value for name, value in self.headers.items()})
            got.bodies.append(json.loads(raw))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    got = Receiver(url=f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield got
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def host() -> Iterator[MediaServer]:
    """A place on loopback that files are fetched from."""
    with media_server.running() as running:
        yield running
