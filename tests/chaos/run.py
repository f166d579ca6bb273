"""One run: everything is started, goes wrong, and is judged."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from random import Random
from time import monotonic

import requests

from tests.chaos import fates, judge
from tests.chaos.customers import Customers, Studio
from tests.chaos.evidence import Evidence, gather
from tests.chaos.havoc import Havoc
from tests.chaos.operator import Operator
from tests.chaos.product import Product
from tests.chaos.provider import Provider
from tests.chaos.report import Report
from tests.installation import ON_POSTGRES, Installation, installation
from tests.webhooks import receiver as receiving
from tests.webhooks.receiver import Receiver, status

REFUSED_MESSAGES = 0.1
MOST_DAYS, A_DAY = 3, 90.0  # seconds in which what is due after a day is done
UNENDED = (
    "SELECT state, count(*) FROM generations_generation WHERE due_at IS NOT NULL GROUP BY state"
)
UNTOLD = "SELECT count(*) FROM webhooks_delivery WHERE state = 'pending'"
LATE = "SELECT count(*) FROM generations_generation WHERE late_look_at IS NOT NULL"


@dataclass(frozen=True)
class Size:
    """After so many `minutes` no more jobs are asked for. `backlog` of them are open at a time,
    and `pause` seconds lie on average between two blows.

    When all jobs have been taken there are `patience` seconds for them to end by themselves.
    """

    jobs: int
    seed: int
    minutes: float = 60.0
    backlog: int = 300
    pause: float = 15.0
    patience: float = 600.0
    workers: int = 2
    studios: int = 4
    time_scale: float = 0.02


class Run:
    def __init__(self, size: Size, installed: Installation, provider: Provider) -> None:
        self.size = size
        self.installed = installed
        self.provider = provider
        self.chance = Random(size.seed)
        self.product = Product(installed, workers=size.workers)
        self.operator = Operator(installed, self.product.url)
        self.drawn = fates.drawn(size.jobs, self.chance)
        self.pause = threading.Event()
        self.begun = monotonic()
        self.report = Report(size.seed, "PostgreSQL" if ON_POSTGRES else "SQLite")

    def go(self, receiver: Receiver) -> tuple[Report, Evidence]:
        self._start()
        studios = [self._studio(number, receiver) for number in range(self.size.studios)]
        customers = Customers(self.product.url, studios, self.drawn, seed=self.size.seed)
        self._live(customers)
        self._settle()
        found = gather(
            self.installed,
            self.product.url,
            studios,
            self.provider,
            receiver,
            self.operator.decided(),
        )
        self._report(customers, found)
        return self.report, found

    def _start(self) -> None:
        self.provider.wait()
        self.provider.prepare(self.drawn, self.chance)
        self.product.revive()
        self.installed.manage("sync_provider_accounts")
        self.product.wait()
        self.operator.sign_in()

    def _studio(self, number: int, receiver: Receiver) -> Studio:
        made = json.loads(
            self.installed.manage(
                "create_workspace",
                *("--name", f"Studio {number}", "--owner", f"owner{number}@example.com"),
                *("--credits", str(judge.GIVEN), "--api-key", "chaos"),
            )
        )
        answer = requests.post(
            f"{self.product.url}/api/v1/webhook-endpoints",
            json={"url": receiver.url.replace("/hook", f"/{made['workspace']}")},
            headers={"Authorization": f"Bearer {made['api_key']}"},
            timeout=20,
        )
        assert answer.status_code == 201, answer.text
        return Studio(made["workspace"], made["api_key"], answer.json()["secret"])

    def _live(self, customers: Customers) -> None:
        """Until every job has been taken, and each kind of blow has fallen."""
        havoc = Havoc(self.product, pause=self.size.pause, chance=self.chance)
        customers.start(threads=6)
        while not (customers.have_finished and havoc.has_done_each):
            if monotonic() - self.begun > self.size.minutes * 60:
                customers.enough.set()
            unended = self._unended()
            customers.may_ask = len(customers.taken) + self.size.backlog - unended
            havoc.tick(ended=len(customers.taken) - unended, unended=unended)
            self._look()
        self.report.havoc = dict(havoc.done)

    def _look(self) -> None:
        self.product.revive()
        self.operator.decide(fates.LATE_SUCCESS.word)
        self.pause.wait(0.1)

    def _unended(self) -> int:
        return sum(int(count) for _, count in self.installed.sql(UNENDED))

    def _settle(self) -> None:
        """Wait; whoever has not ended by then gets a day, between the death of all and a start.

        More than once: the day counts from when a job is sent, and some have yet to be.
        """
        self._wait(self.size.patience)
        for _ in range(MOST_DAYS):
            if self._is_over():
                return
            self.report.set_forward.append({str(s): n for s, n in self.installed.sql(UNENDED)})
            self.product.end_workers()
            set_forward(self.installed)
            self.product.wait()
            self._wait(max(self.size.patience, A_DAY))

    def _wait(self, seconds: float) -> None:
        end = monotonic() + seconds
        while not self._is_over() and monotonic() < end:
            self._look()

    def _is_over(self) -> bool:
        rest = sum(int(self.installed.sql(query)[0][0]) for query in (UNTOLD, LATE))
        return not self._unended() and not rest

    def _report(self, customers: Customers, found: Evidence) -> None:
        report = self.report
        report.jobs = len(found.jobs)
        report.seconds = monotonic() - self.begun
        report.ends = dict(Counter(job["status"] for job in found.jobs.values()))
        report.faults = self.provider.struck()
        report.decided_by_hand = len(found.decided)
        report.answers = dict(customers.seen)
        report.callbacks = dict(self.provider.callbacks())
        report.upstream = {"tasks accepted": len(found.tasks)}
        report.files, report.bytes = len(found.files), sum(size for *_, size, _ in found.files)
        kinds = (kind for told in found.messages.values() for kind in told.values())
        report.messages = dict(Counter(kinds))
        taken = set(customers.taken.values())
        late = sum(found.jobs[job]["status"] == "succeeded" for job in found.decided)
        happened = {**report.faults, **report.havoc, "late success": late}
        report.violations = {
            "every_customer_is_served_once": [
                *customers.wrong,
                *(f"{job} is lost" for job in taken - set(found.jobs)),
                *(f"{job} was never asked for" for job in set(found.jobs) - taken),
            ],
            "everything_has_happened": list(judge.left_out(happened, "not injected")),
            **judge.judge(found),
        }


def set_forward(installed: Installation) -> None:
    """A day passes for whatever is not over: no worker lives that could hold any of it."""
    # On SQLite in the very form that Django writes: rows are claimed by comparing these texts.
    now = "now()" if ON_POSTGRES else "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
    ago = (
        "{} - interval '1 day'" if ON_POSTGRES else "strftime('%Y-%m-%d %H:%M:%f000', {}, '-1 day')"
    ).format
    for statement in (
        f"UPDATE generations_generation SET due_at = {now}, submitted_at = {ago('submitted_at')}"
        " WHERE due_at IS NOT NULL",
        f"UPDATE generations_generation SET late_look_at = {now},"
        f" finished_at = {ago('finished_at')} WHERE late_look_at IS NOT NULL",
        f"UPDATE webhooks_delivery SET due_at = {now}, leased_until = NULL WHERE state = 'pending'",
        f"UPDATE worker_lease SET expires_at = {now}",
        f"UPDATE django_q_ormq SET lock = {now}",
    ):
        installed.sql(statement)


@contextmanager
def started(size: Size, folder: Path, *, shared: Path, ports: tuple[int, int]) -> Iterator[Run]:
    """A fresh installation and its provider, all of it gone afterwards."""
    web, simulator = ports
    with installation(
        folder / "var",
        shared=shared,
        PORT=str(web),
        SIMULATOR_URL=f"http://127.0.0.1:{simulator}",
        FETCH_ALLOW_PRIVATE="on",
        TIMER_SCALE=str(size.time_scale),
    ) as installed:
        state = folder / "simulator"
        installed.start_program(*Provider.command(simulator, state, time_scale=size.time_scale))
        yield Run(size, installed, Provider(f"http://127.0.0.1:{simulator}", state))


@contextmanager
def unreliable_receiver(chance: Random) -> Iterator[Receiver]:
    """A customer's receiver of webhooks that refuses some of them."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        status(500 if chance.random() < REFUSED_MESSAGES else 204)(handler)

    with receiving.running() as receiver:
        receiver.answers = [answer]
        yield receiver


def run(size: Size, folder: Path, *, shared: Path, ports: tuple[int, int]) -> Report:
    with (
        started(size, folder, shared=shared, ports=ports) as one,
        unreliable_receiver(Random(size.seed)) as receiver,
    ):
        return one.go(receiver)[0]
