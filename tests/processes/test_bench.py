"""A benchmark that could not measure must not say that its goal was met, nor that it was missed."""

from __future__ import annotations

import os
from time import monotonic

import pytest

from bench import inside, live


def test_a_crash_is_not_a_missed_goal(capfd: pytest.CaptureFixture[str]) -> None:
    assert inside.measure("no_such_bench", dict(os.environ)) is None
    assert "No module named 'bench.no_such_bench'" in capfd.readouterr().err


def test_it_fails_with_the_thread_that_moves_the_jobs() -> None:
    with pytest.raises(ValueError, match="no primary key"):
        live.followed([], [(0.0, "no primary key", "storing")], monotonic())


def test_it_fails_if_the_pages_have_missed_what_happened() -> None:
    answers = {"live": [0.01] * 1000, "part": [0.01] * 60}
    live.check(answers, changes=90)
    with pytest.raises(RuntimeError, match="of 100 changes the pages have got 60"):
        live.check(answers, changes=100)
