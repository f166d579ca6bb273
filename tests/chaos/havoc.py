"""What is done to our own processes and to the database while the jobs run."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from random import Random
from time import monotonic

import psutil

from tests.chaos.product import Product
from tests.installation import ON_POSTGRES, Installation

AWAY = 1.5  # seconds without a database
DATABASE = "every database session ended" if ON_POSTGRES else "database locked"


class Havoc:
    """A blow every `pause` seconds on average, each kind in turn, in an order of chance.

    On a slow machine more slowly: what never gets up again is not hit, and shows nothing.
    """

    def __init__(self, product: Product, *, pause: float, chance: Random) -> None:
        self.product = product
        self.pause = pause
        self.chance = chance
        self.done: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
        self.to_come: list[str] = []
        self.next_at = self._later()
        self.ended = 0

    @property
    def has_done_each(self) -> bool:
        return all(self.done.values())

    def tick(self, *, ended: int, unended: int) -> None:
        """`ended`: jobs so far. Some have to end between two blows, unless there are none left."""
        if monotonic() < self.next_at or (unended and ended == self.ended):
            return
        self.ended = ended
        self.to_come = self.to_come or self.chance.sample(list(KINDS), len(KINDS))
        kind = self.to_come.pop()
        self.done[kind] += KINDS[kind](self)
        self.next_at = self._later()

    def _later(self) -> float:
        return monotonic() + self.chance.uniform(0.5, 1.5) * self.pause

    def _kill_one(self, victims: list[psutil.Process]) -> bool:
        with suppress(psutil.NoSuchProcess, IndexError):
            self.chance.choice(victims).kill()
            return True
        return False

    def supervisor(self) -> bool:
        return self._kill_one(self.product.supervisors())

    def cluster_member(self) -> bool:
        return self._kill_one(self.product.cluster_members())

    def web_master(self) -> bool:
        return self._kill_one(self.product.web_master())

    def web_process(self) -> bool:
        return self._kill_one(self.product.web_processes())

    def database(self) -> bool:
        take_away(self.product.installed)
        return True


def take_away(installed: Installation) -> None:
    """For a moment nobody can use the database, and whoever was at it has lost it."""
    pause = threading.Event()
    if ON_POSTGRES:
        installed.cut_database()
        try:
            pause.wait(AWAY)
        finally:
            installed.mend_database()
        return
    path = installed.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        pause.wait(AWAY)
        connection.execute("ROLLBACK")


KINDS: dict[str, Callable[[Havoc], bool]] = {
    "kill -9 of a worker with all its processes": Havoc.supervisor,
    "kill -9 of a process of a worker": Havoc.cluster_member,
    "kill -9 of the web server": Havoc.web_master,
    "kill -9 of a web process": Havoc.web_process,
    DATABASE: Havoc.database,
}
