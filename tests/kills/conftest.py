from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from billing.sandbox.account import ACCOUNT_ID
from kling.simulator.server import RunningSimulator
from kling.simulator.server import start as start_simulator
from tests.billing.conftest import SECRET, running_sandbox
from tests.installation import ROOT, Installation, installation, shared_folder
from tests.kills.faults import READS
from tests.webhooks import receiver as receiving
from tests.webhooks.receiver import Receiver
from worker import lifeline


@dataclass(frozen=True)
class Deaths:
    """What came of a journey, for each place where the process died on it."""

    deaths: list[dict[str, Any]]

    @property
    def places(self) -> list[str]:
        """The places of the whole way, but for those that only read."""
        return [place for place in self.deaths[-1]["trail"] if place not in READS]

    @property
    def ends(self) -> list[dict[str, Any]]:
        """Each different end, once."""
        ends: list[dict[str, Any]] = []
        for death in self.deaths:
            if death["facts"] not in ends:
                ends.append(death["facts"])
        return ends

    def assert_all_end(self, end: dict[str, Any]) -> None:
        """However it died, the same is true in the end."""
        other = [
            f"killed after {death['trail'][-6:]}: {death['facts']}"
            for death in self.deaths
            if death["facts"] != end
        ]
        assert other == [], f"{len(other)} of {len(self.deaths)}"


Travel = Callable[[str], Deaths]


def steps(text: str) -> list[str]:
    """Places, a line each."""
    return [line.strip() for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    state = tmp_path_factory.mktemp("simulator")
    with start_simulator(state=state, time_scale=0.0001, control=True) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """The customers' own: each journey has its path there."""
    with receiving.running() as running:
        yield running


@pytest.fixture(scope="module")
def installed(
    tmp_path_factory: pytest.TempPathFactory, provider: RunningSimulator, receiver: Receiver
) -> Iterator[Installation]:
    """An installation with our payment sandbox and our simulator of the provider."""
    folder = tmp_path_factory.mktemp("kills")
    with (
        running_sandbox(folder / "payments") as sandbox,
        installation(
            folder / "var",
            shared=shared_folder(tmp_path_factory),
            ALLOWED_HOSTS="testserver",
            STRIPE_SECRET_KEY="sk_test_of_the_tests",
            STRIPE_WEBHOOK_SECRET=SECRET,
            STRIPE_API_BASE=sandbox.url,
            STRIPE_ACCOUNT_ID=ACCOUNT_ID,
            PAYMENT_SANDBOX="1",
            SIMULATOR_URL=provider.url,
            WEBHOOK_RECEIVER=receiver.url,
            FETCH_ALLOW_PRIVATE="on",
            TIMER_SCALE="0.001",
        ) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def travel(installed: Installation) -> Iterator[Travel]:
    """Go the journey of that kind once for each place at which the process can die."""
    with (installed.var / "errors").open("w") as errors:
        program = subprocess.Popen(
            lifeline.command(sys.executable, "-m", "tests.kills.program"),
            env=installed.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            bufsize=1,
        )
    assert program.stdin is not None
    assert program.stdout is not None

    def travelled(kind: str) -> Deaths:
        program.stdin.write(f"{kind}\n")
        said = program.stdout.readline()
        assert said, (installed.var / "errors").read_text()[-6000:]
        answer = json.loads(said)
        assert answer["kind"] == kind
        return Deaths(answer["deaths"])

    yield travelled
    program.stdin.close()
    program.wait(timeout=20)
