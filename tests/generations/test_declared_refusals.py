"""Generated from the declarations: what is refused names its field, and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from billing.models import Hold
from generations.models import Generation
from kling import operations
from kling.simulator.server import RunningSimulator
from tests.conftest import Person, make_account
from tests.generations.builders import set_rates
from tests.generations.kling_api.conftest import KlingApi
from tests.generations.whole_inputs import Files
from tests.kling import declared
from tests.kling.inputs import SERVED

pytestmark = pytest.mark.django_db
# What it extends has to be made first, by a job that costs credits: see test_every_operation.
WITHOUT = {"video-extend"}
WITH_PATH = [pair for pair in SERVED if pair[0] not in WITHOUT]
PAIRS = [pair for pair in WITH_PATH if operations.get(pair[0]).listed]


@pytest.fixture
def priced(db: None) -> None:
    set_rates(*(operation.name for operation in operations.all_operations()))


def wrong_inputs(person: Person, operation: str, dialect: str) -> Iterator[tuple[set[str], Any]]:
    """The fields that must be named, and the input, with files that we hold."""
    files = Files(person)
    for case in declared.cases(operation, dialect):
        if case.is_refused:
            part = case.what.removeprefix("without ").replace("unknown part", "surprise")
            names = {case.field, f"{case.field}.{part}"}
            yield names, files.filled(operation, case.values)


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize(("operation", "dialect"), PAIRS)
def test_the_api_names_the_field(
    ada: Person, simulator: RunningSimulator, operation: str, dialect: str
) -> None:
    make_account(simulator.url, dialect=dialect)
    slipped = []
    for names, values in wrong_inputs(ada, operation, dialect):
        answer = ada.api.post("/generations", {"operation": operation, "input": values})
        fields = {error["field"] for error in answer.json().get("errors", ())}
        if answer.status_code != 422 or not fields & {f"input.{name}" for name in names}:
            slipped.append((names, answer.status_code, fields))
    assert slipped == []
    assert_nothing_happened(simulator)


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize(("operation", "dialect"), WITH_PATH)
def test_the_compatible_api_names_the_field(
    ada: Person, simulator: RunningSimulator, operation: str, dialect: str
) -> None:
    make_account(simulator.url, dialect=dialect)
    program, path = KlingApi(ada.api.key), operations.get(operation).path
    slipped = []
    for names, values in wrong_inputs(ada, operation, dialect):
        if any(name.endswith("surprise") for name in names):
            continue  # ignored, as Kling ignores it
        answer = program.post(path, values)
        body = json.loads(answer.content)
        if (answer.status_code, body["code"]) != (400, 1201) or not any(
            name in body["message"] for name in names
        ):
            slipped.append((names, answer.status_code, body["message"]))
    assert slipped == []
    assert_nothing_happened(simulator)


def assert_nothing_happened(simulator: RunningSimulator) -> None:
    assert simulator.submissions() == []
    assert not Generation.objects.exists()
    assert not Hold.objects.exists()
