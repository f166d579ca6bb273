"""A worker's clock that is minutes off decides nothing: neither a job's end nor its money."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

import billing.credits
from billing import ledger
from generations import alarms
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator, start
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create
from tests.working import call, finish, reach

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 10


@pytest.fixture
def simulator(tmp_path: Path, media_cache: Path) -> Iterator[RunningSimulator]:
    """A provider whose clock is right: it does not move with the worker's."""
    state = tmp_path / "simulator"
    state.mkdir()
    (state / "media").symlink_to(media_cache)
    begun, since = time.time(), time.monotonic()
    with start(
        state=state, time_scale=0.02, clock=lambda: begun + time.monotonic() - since
    ) as running:
        yield running


def work() -> None:
    """What the clock's tasks do meanwhile."""
    pause = threading.Event()
    for _ in range(ROUNDS):
        for task, args in alarms.due():
            call(task, args)
        pause.wait(0.05)


@pytest.mark.parametrize("minutes", [-5, 5], ids=["back", "ahead"])
@pytest.mark.parametrize("state", [State.QUEUED, State.RECONCILING, State.PROCESSING])
def test_nothing_is_lost_by_it(
    ada: Person,
    cloudsway: ProviderAccount,
    simulator: RunningSimulator,
    settings: Any,
    state: State,
    minutes: int,
) -> None:
    if state == State.RECONCILING:
        simulator.faults.add(stage="submit", kind="drop", accepted=True, times=1)
    simulator.faults.add(stage="task", kind="slow", value=1, times=1)
    job = create(ada.api, SOUND)["id"]
    if state != State.QUEUED:
        reach(job, state)

    moved = timedelta(minutes=minutes) * settings.TIMER_SCALE
    with time_machine.travel(timezone.now() + moved, tick=True):
        apart = timezone.now().timestamp() - simulator.settings.clock()
        assert apart == pytest.approx(moved.total_seconds(), abs=1)
        work()
        meanwhile = Generation.objects.get(public_id=job)

    assert meanwhile.state not in (State.FAILED, State.CANCELED)
    assert meanwhile.hold.state != "released"
    assert finish(job, seconds=60).state == State.SUCCEEDED
    assert len(simulator.tasks()) == 1
    assert ledger.check().violations == []
    assert billing.credits.balance(ada.workspace).held == 0
    assert ada.api.credits()["balance"] == "99.75"
