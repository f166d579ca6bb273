"""Customers' programs: each job is asked for until it is taken, with one Idempotency-Key."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import requests

from tests.chaos.fates import Fate

# What a program tries again after, as our own documents tell it to. Not 500: that is a fault of
# ours, whatever else breaks.
AGAIN = {409, 429, 502, 503, 504}
ASKED_TWICE = 0.05


@dataclass(frozen=True)
class Studio:
    """A workspace as its program knows it: by a key."""

    workspace: str
    key: str
    secret: str


class Customers:
    """`taken` has the id of each job by its number, `wrong` what a program could not live with."""

    def __init__(
        self, url: str, studios: Sequence[Studio], fates: Sequence[Fate], *, seed: int
    ) -> None:
        self.url = url
        self.studios = studios
        self.fates = fates
        self.seed = seed
        self.taken: dict[int, str] = {}
        self.wrong: list[str] = []
        self.seen: Counter[str] = Counter()
        self.may_ask = 0  # so many jobs: not all of them at once
        self.enough = threading.Event()
        self._numbers = itertools.count()
        self._threads: list[threading.Thread] = []
        self._pause = threading.Event()

    def start(self, *, threads: int) -> None:
        for _ in range(threads):
            thread = threading.Thread(target=self._ask_for_all, daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def have_finished(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _ask_for_all(self) -> None:
        """Every job, or until it is `enough`."""
        with requests.Session() as session:
            while (number := next(self._numbers)) < len(self.fates):
                while number >= self.may_ask and not self.enough.wait(0.05):
                    pass
                if self.enough.is_set():
                    return
                if job := self._ask(session, number):
                    self.taken[number] = job

    def _ask(self, session: requests.Session, number: int) -> str | None:
        """Until it is taken; some ask once more although it was."""
        studio = self.studios[number % len(self.studios)]
        chance = Random(f"{self.seed}:{number}")
        answers = 2 if chance.random() < ASKED_TWICE else 1
        headers = {"Authorization": f"Bearer {studio.key}", "Idempotency-Key": f"chaos-{number}"}
        body = body_of(self.fates[number], number, chance)
        ids: set[str] = set()
        while answers:
            status, answer = self._post(session, body, headers)
            if status in AGAIN or not status:
                self._pause.wait(0.2)
            elif status in (200, 202):
                ids.add(answer["id"])
                answers -= 1
            else:
                self.wrong.append(f"job {number} was refused: {status} {answer}")
                return None
        if len(ids) > 1:
            self.wrong.append(f"job {number} was taken as {sorted(ids)}")
        return min(ids)

    def _post(
        self, session: requests.Session, body: Any, headers: dict[str, str]
    ) -> tuple[int, Any]:
        """Status and body; 0 where there is no answer."""
        try:
            answer = session.post(
                f"{self.url}/api/v1/generations", json=body, headers=headers, timeout=30
            )
            self.seen[str(answer.status_code)] += 1
            return answer.status_code, answer.json()
        except requests.RequestException as error:
            self.seen[type(error).__name__] += 1
            return 0, None


def body_of(fate: Fate, number: int, chance: Random) -> dict[str, Any]:
    """Sound, pictures and a few films; what is to be charged oddly has a price without rounding."""
    prompt, drawn = f"Waves on a beach, {fate.words(number)}", chance.random()
    if drawn < 0.7 or fate.name.startswith("deduction"):
        return {"operation": "text-to-audio", "input": {"prompt": prompt, "duration": 3}}
    if drawn < 0.97:
        return {"operation": "image", "input": {"prompt": prompt}}
    return {"operation": "text-to-video", "input": {"prompt": prompt, "duration": "3"}}
