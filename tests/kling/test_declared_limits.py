"""What the operations declare is what the check keeps: generated, for each of them."""

from __future__ import annotations

import pytest

from kling.errors import InvalidInput
from tests.kling import declared
from tests.kling.inputs import SERVED, smallest

# What is said of a field that is beyond its own limit; other words are about what goes with what.
OF_THE_LIMIT = {"too_long", "too_short", "not_allowed", "out_of_range", "too_many", "wrong_type"}


def refusals(case: declared.Case) -> set[tuple[str, str]]:
    try:
        smallest(case.operation, case.dialect, case.values)
    except InvalidInput as exc:
        return {(error.field, error.code) for error in exc.errors if error.message}
    return set()


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_beyond_a_limit_is_refused_by_the_name_of_the_field(operation: str, dialect: str) -> None:
    cases = [case for case in declared.cases(operation, dialect) if case.is_refused]
    slipped = [
        case.what + " of " + case.field
        for case in cases
        if not {field for field, _ in refusals(case)} & {case.field, _part_of(case)}
    ]
    assert len(cases) > 3
    assert slipped == []


def _part_of(case: declared.Case) -> str:
    """Where a part of an object is missing or unknown, the part is named."""
    part = case.what.removeprefix("without ").replace("unknown part", "surprise")
    return f"{case.field}.{part}"


@pytest.mark.parametrize(("operation", "dialect"), SERVED)
def test_at_a_limit_it_is_not_the_limit_that_refuses(operation: str, dialect: str) -> None:
    cases = [case for case in declared.cases(operation, dialect) if not case.is_refused]
    refused = {
        f"{case.what} of {case.field}": sorted(codes)
        for case in cases
        if (codes := {code for field, code in refusals(case) if field == case.field} & OF_THE_LIMIT)
    }
    assert refused == {}
