"""How the tests of the simulator talk to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from kling.simulator.server import RunningSimulator

KEY = "sk-simulator-test"
PREFIXES = {"cometapi": "/kling/v1", "cloudsway": "/v1/ai/endpoint-7/kling", "official": "/v1"}
VIDEO, AUDIO = "videos/text2video", "audio/text-to-audio"
# What every dialect takes, so that one file is drawn for most of the tests.
CLIP = {"model_name": "kling-v3", "prompt": "a fox in the snow", "mode": "std", "duration": "5"}
TUNE = {"prompt": "rain on a tin roof", "duration": 3}


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@dataclass
class Caller:
    """A client of one dialect, with no cleverness of its own."""

    simulator: RunningSimulator
    dialect: str
    key: str = KEY
    session: requests.Session = field(default_factory=requests.Session)

    def url(self, path: str) -> str:
        return f"{self.simulator.url}{PREFIXES[self.dialect]}/{path}"

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        options.setdefault("timeout", 10)
        return self.session.post(self.url(path), json=body, headers=headers, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        options.setdefault("timeout", 10)
        return self.session.get(self.url(path), headers=headers, **options)

    def create(self, path: str, body: Any) -> str:
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["task_id"])

    def state(self, path: str, reference: str) -> dict[str, Any]:
        answer = self.get(f"{path}/{reference}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    def finished(self, path: str, reference: str) -> dict[str, Any]:
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(self.state(path, reference))
            return found["task_status"] in ("succeed", "failed")

        until(ended)
        return found

    def video(self, **fields: Any) -> dict[str, Any]:
        """One finished clip: the first item of `videos`."""
        task = self.finished(VIDEO, self.create(VIDEO, CLIP | fields))
        return dict(task["task_result"]["videos"][0])


def until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not reached within {seconds} s"
        pause.wait(0.02)


@dataclass
class Receiver:
    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def words(self) -> list[str]:
        return [body["task_status"] for body in self.bodies]


Maker = Callable[..., RunningSimulator]
