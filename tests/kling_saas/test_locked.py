"""SQLite is locked for longer than anybody waits: 503, nothing half done, and on it goes after."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

import billing.credits
from billing import ledger
from billing.models import Hold
from generations import alarms
from generations.models import Generation, ProviderAccount, State
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account, make_person
from tests.generations.builders import make_due
from tests.generations.test_main_job import SOUND, create
from tests.working import call, finish, reach

PATIENCE = 0.2  # seconds, instead of the product's twenty
STUDIO = "/studio/text-to-audio/"
WAVES = {"input.prompt": "Waves on a beach", "input.duration": "3"}


@pytest.fixture
def file(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    """The database, in a file: one in memory has no second writer that could wait for a first."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows, not all of it")
    path, before = tmp_path / "db.sqlite3", connections["default"]
    with closing(sqlite3.connect(path)) as copy:
        before.connection.backup(copy)
    own = before.copy()
    own.settings_dict |= {"NAME": str(path)}
    own.settings_dict["OPTIONS"] |= {"timeout": PATIENCE}
    connections["default"] = own
    yield path
    own.close()
    connections["default"] = before


@pytest.fixture
def ada(file: Path) -> Person:
    person = make_person("ada@example.com", credits="100")
    person.browser.raise_request_exception = False
    return person


@pytest.fixture
def cloudsway(file: Path, simulator: RunningSimulator) -> ProviderAccount:
    return make_account(simulator.url)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Somebody else writes, and does not end."""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def has_nothing(person: Person) -> bool:
    assert billing.credits.balance(person.workspace).held == 0
    return not Generation.objects.exists() and not Hold.objects.exists()


def test_a_program_comes_again(file: Path, ada: Person, cloudsway: ProviderAccount) -> None:
    again = {"Idempotency-Key": "one-of-mine"}
    ada.api.credits()  # writes down that the key is used; the next minute no request does
    with locked(file):
        answer = ada.api.post("/generations", SOUND, **again)
        assert ada.api.credits()["balance"] == "100"  # who only reads is not held up

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert answer.json()["code"] == "temporarily_unavailable"
    assert has_nothing(ada)
    assert ada.api.post("/generations", SOUND, **again).status_code == 202
    assert ada.api.credits()["held"] == "0.25"


@pytest.mark.parametrize("path", [STUDIO, "/settings/workspace/name"])
def test_a_form_comes_again(file: Path, ada: Person, cloudsway: ProviderAccount, path: str) -> None:
    form = WAVES | {"name": "Pictures"}
    with locked(file):
        answer = ada.browser.post(path, form)

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "Our database did not answer in time." in answer.content.decode()
    assert has_nothing(ada)
    assert ada.browser.post(path, form).status_code == 302


def test_a_workers_round_goes_on(
    file: Path, ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    job = str(create(ada.api, SOUND)["id"])
    for state in (State.QUEUED, State.PROCESSING):
        make_due(reach(job, state))
        with locked(file):
            due = alarms.due()
            for task, args in due:
                attempt(task, args)
        assert due
        assert Generation.objects.get(public_id=job).state == state
    assert_it_ends_well(job, ada, simulator)


def test_an_answer_that_cannot_be_written_down_is_asked_for(
    file: Path, ada: Person, cloudsway: ProviderAccount, simulator: RunningSimulator
) -> None:
    job = str(create(ada.api, SOUND)["id"])
    taken: list[None] = []
    with ExitStack() as held:

        def lock_when_accepted(execute: Any, sql: str, *context: Any) -> Any:
            if sql.startswith("BEGIN") and simulator.tasks() and not taken:
                taken.append(held.enter_context(locked(file)))
            return execute(sql, *context)

        with connection.execute_wrapper(lock_when_accepted):
            call("generations.tasks.dispatch")
    unknown = Generation.objects.get(public_id=job)
    assert unknown.state == State.SUBMITTING
    make_due(unknown)
    assert_it_ends_well(job, ada, simulator)


def attempt(task: str, args: tuple[int, ...]) -> None:
    """As the queue does it: a task that fails is rung again while its row is due."""
    with suppress(OperationalError):
        call(task, args)


def assert_it_ends_well(job: str, person: Person, simulator: RunningSimulator) -> None:
    assert finish(job, seconds=60).state == State.SUCCEEDED
    assert len(simulator.tasks()) == 1
    assert ledger.check().violations == []
    assert billing.credits.balance(person.workspace).held == 0
    assert person.api.credits()["balance"] == "99.75"
