"""What a process looks up for all open pages: how often, for which jobs, and when that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from generations.models import Generation, ProviderAccount, State
from generations.places import Asked, Pictures
from generations.views import board as boards
from generations.views.board import Board
from tests.conftest import Person
from tests.generations.test_main_job import SOUND, create

pytestmark = pytest.mark.django_db


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board(clock: Clock) -> Board:
    return Board(clock)


@pytest.fixture
def pictures(clock: Clock) -> Pictures:
    return Pictures(clock)


@pytest.fixture
def jobs(ada: Person, cloudsway: ProviderAccount) -> list[int]:
    made = [str(create(ada.api, SOUND)["id"]) for _ in range(3)]
    return [Generation.objects.get(public_id=one).pk for one in made]


def end(job: int, state: State) -> None:
    ended = {"state": state, "due_at": None, "finished_at": timezone.now()}
    Generation.objects.filter(pk=job).update(**ended)


def store(job: int) -> None:
    goes_on = {"state": State.STORING, "task_id": "1", "due_at": timezone.now()}
    Generation.objects.filter(pk=job).update(**goes_on)


def phase(board: Board, job: int) -> str:
    entry = board.entries([job])[job]
    assert entry is not None
    return entry.phase


def looked_up(board: Board, *asked: int) -> set[int]:
    """The jobs that the database is asked about when pages ask for these."""
    with CaptureQueriesContext(connection) as queries:
        board.entries(asked)
    lists = [re.search(r'"id" IN \(([\d, ]+)\)', query["sql"]) for query in queries]
    return {int(pk) for found in lists if found for pk in found[1].split(", ")}


@contextmanager
def database_gone() -> Iterator[list[str]]:
    """Each statement ends in an error; what they were."""
    refused = []

    def refuse(_: Any, sql: str, *rest: Any) -> Any:
        refused.append(sql)
        raise OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(refuse):
        yield refused


def test_it_looks_again_after_a_second(board: Board, clock: Clock, jobs: list[int]) -> None:
    assert phase(board, jobs[0]) == "queued"
    end(jobs[0], State.FAILED)
    clock.wait(0.9)
    assert phase(board, jobs[0]) == "queued"
    clock.wait(0.1)
    assert phase(board, jobs[0]) == "failed"


def test_it_looks_for_all_pages_at_once(board: Board, clock: Clock, jobs: list[int]) -> None:
    for job in jobs:
        assert looked_up(board, job) == {job}
    clock.wait(1)
    assert looked_up(board, jobs[0]) == set(jobs)
    assert looked_up(board, *jobs) == set()


def test_it_forgets_what_nobody_asks_about(board: Board, clock: Clock, jobs: list[int]) -> None:
    board.entries(jobs)
    clock.wait(69)
    assert looked_up(board, jobs[0]) == set(jobs)
    clock.wait(1)
    assert looked_up(board, jobs[0]) == {jobs[0]}


def test_it_does_not_look_again_for_what_cannot_change(
    board: Board, clock: Clock, jobs: list[int]
) -> None:
    for job, state in zip(jobs, (State.SUCCEEDED, State.CANCELED, State.FAILED), strict=True):
        end(job, state)
    board.entries(jobs)
    clock.wait(1)
    assert looked_up(board, *jobs) == {jobs[2]}
    assert [phase(board, job) for job in jobs] == ["succeeded", "canceled", "failed"]
    store(jobs[2])  # it has succeeded after all
    clock.wait(1)
    assert phase(board, jobs[2]) == "storing"


def test_it_looks_for_so_many_only(
    board: Board, clock: Clock, jobs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "MOST_ASKED", 2)
    for job in (jobs[1], jobs[0], jobs[2]):
        board.entries([job])
        clock.wait(0.1)
    clock.wait(1)
    assert looked_up(board, jobs[2]) == {jobs[0], jobs[2]}
    assert phase(board, jobs[1]) == "queued"


def test_a_line_is_looked_at_every_other_second(
    pictures: Pictures, clock: Clock, jobs: list[int], django_assert_num_queries: Any
) -> None:
    asked = Asked.about(Generation.objects.select_related("account").get(pk=jobs[1]))

    def number() -> int:
        found = pictures.position(asked)
        assert found is not None
        return found.number

    assert number() == 2
    end(jobs[0], State.FAILED)
    clock.wait(1.9)
    with django_assert_num_queries(0):
        assert number() == 2
    clock.wait(0.1)
    with django_assert_num_queries(5):
        assert number() == 1


def test_a_database_that_fails_is_asked_once_a_second(
    board: Board, clock: Clock, jobs: list[int]
) -> None:
    board.entries(jobs[:1])
    clock.wait(1)
    with database_gone() as refused:
        with pytest.raises(OperationalError):
            board.entries(jobs)
        for _ in range(8):
            assert set(board.entries(jobs)) == set(jobs[:1])  # as of before
        assert len(refused) == 1
        clock.wait(1)
        with pytest.raises(OperationalError):
            board.entries(jobs)
    clock.wait(1)
    assert set(board.entries(jobs)) == set(jobs)


def test_so_it_is_about_lines(pictures: Pictures, clock: Clock, jobs: list[int]) -> None:
    asked = Asked.about(Generation.objects.select_related("account").get(pk=jobs[0]))
    with database_gone() as refused:
        with pytest.raises(OperationalError):
            pictures.position(asked)
        for _ in range(8):
            assert pictures.position(asked) is None
    assert len(refused) == 1
    clock.wait(2)
    assert pictures.position(asked) is not None


def test_nobody_waits_for_the_one_that_looks(ada: Person, jobs: list[int]) -> None:
    path = f"/generations/{Generation.objects.get(pk=jobs[0]).public_id}"
    tickets = re.findall('data-ticket="([^"]+)"', ada.browser.get(path).content.decode())
    meanwhile = []

    def ask() -> int:
        return Client().get("/live", {"job": tickets}).status_code

    with ThreadPoolExecutor(1) as other:

        def look(execute: Any, *rest: Any) -> Any:
            meanwhile.append(other.submit(ask).result(timeout=5))
            return execute(*rest)

        with connection.execute_wrapper(look):
            assert ask() == 200
    assert meanwhile == [204] * 6  # while it looked for the job, and for the line
