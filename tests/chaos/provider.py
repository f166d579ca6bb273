"""The simulator as a process: told what goes wrong, asked what it has really done."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import requests

from tests.chaos import fates
from tests.chaos.fates import Fate
from tests.waiting import wait_until


class Provider:
    def __init__(self, url: str, state: Path) -> None:
        self.url = url
        self.media = state / "media"
        self.names: list[str] = []

    @classmethod
    def command(cls, port: int, state: Path, *, time_scale: float) -> tuple[str, ...]:
        where = ("--port", str(port), "--state", str(state), "--time-scale", str(time_scale))
        return ("-m", "kling.simulator", *where, "--control", "--quiet")

    def wait(self) -> None:
        wait_until(self._answers, seconds=60, what="the simulator answers")

    def prepare(self, drawn: list[Fate], chance: Random) -> None:
        """With ids that need not be unique: nothing but our own protocol prevents a second task."""
        self._post("settings", {"unique_external_ids": False})
        script = list(fates.script(drawn, chance))
        self.names = [name for name, _ in script]
        self._post("faults", [fault for _, fault in script])

    def struck(self) -> dict[str, int]:
        """How often each has struck. A fate of several faults counts where all of them did."""
        found: dict[str, Counter[tuple[str, str]]] = {}
        for name, fault in zip(self.names, self._get("faults")["faults"], strict=True):
            kinds = found.setdefault(name, Counter())
            kinds[fault["stage"], fault["kind"]] += fault["fired"]
        return {name: min(kinds.values()) for name, kinds in found.items()}

    def tasks(self) -> list[dict[str, Any]]:
        """Its own record of what it has accepted."""
        return list(self._get("tasks")["tasks"])

    def callbacks(self) -> Counter[str]:
        """Its callbacks by our answer."""
        return Counter(str(row["answer"]) for row in self._get("callbacks")["callbacks"])

    def _answers(self) -> bool:
        try:
            return requests.get(self.url, timeout=5).ok
        except requests.RequestException:
            return False

    def _get(self, name: str) -> Any:
        answer = requests.get(f"{self.url}/_simulator/{name}", timeout=120)
        answer.raise_for_status()
        return answer.json()

    def _post(self, name: str, body: Any) -> None:
        answer = requests.post(f"{self.url}/_simulator/{name}", json=body, timeout=60)
        assert answer.ok, answer.text
