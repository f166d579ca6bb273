"""What the schedule costs and sees: whole lives of jobs, drawn from log-normal durations."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log
from statistics import mean, median

import pytest

from generations import pace
from generations.callback_health import RELY_FROM, RELY_UNTIL, shifted
from generations.durations import ENOUGH, MEMORY, Moments

# Median and spread of a fast model, of one in standard and one in professional quality.
KINDS = [(60.0, 0.3), (100.0, 0.4), (180.0, 0.5)]
JOBS = 600  # of each kind


@dataclass
class Seen:
    delays: list[float]
    queries: list[int]


def live(kind: tuple[float, float], *, known: pace.Usual | None, heard: float | None) -> Seen:
    """`heard`: the share of callbacks that come, a second late on average; None: nobody relies."""
    chance = random.Random(f"{kind}{heard}")
    seen = Seen([], [])
    for _ in range(JOBS):
        end = chance.lognormvariate(log(kind[0]), kind[1])
        call = end + chance.expovariate(1) if heard and chance.random() < heard else inf
        age, queries = pace.first_look(known, callbacks=heard is not None), 1
        while age < min(end, call):
            age += pace.interval(age, known, callbacks=heard is not None)
            queries += 1
        seen.delays.append(min(age, call) - end)
        seen.queries.append(queries)
    return seen


def learnt(kind: tuple[float, float], *, jobs: int = MEMORY) -> pace.Usual | None:
    chance, moments = random.Random(f"learnt {kind}"), Moments()
    for _ in range(jobs):
        moments = moments.with_one_more(chance.lognormvariate(log(kind[0]), kind[1]))
    return moments.usual()


def all_kinds(known: Callable[..., pace.Usual | None], *, heard: float | None) -> Seen:
    lives = [live(kind, known=known(kind), heard=heard) for kind in KINDS]
    return Seen(
        [delay for one in lives for delay in one.delays],
        [count for one in lives for count in one.queries],
    )


def test_it_sees_quickly_without_callbacks() -> None:
    seen = all_kinds(learnt, heard=None)
    assert median(seen.delays) <= 3
    assert mean(seen.queries) <= 12


def test_it_leaves_most_to_callbacks_that_come() -> None:
    seen = all_kinds(learnt, heard=0.98)
    assert median(seen.delays) <= 1.5
    assert mean(seen.queries) <= 2


def test_it_costs_less_than_a_fixed_interval_that_sees_as_quickly() -> None:
    seen = all_kinds(learnt, heard=None)
    lives = [end for kind in KINDS for end in ends(kind)]
    fixed = mean(end / (2 * median(seen.delays)) for end in lives)
    assert mean(seen.queries) < fixed / 1.5


def ends(kind: tuple[float, float]) -> list[float]:
    chance = random.Random(f"ends {kind}")
    return [chance.lognormvariate(log(kind[0]), kind[1]) for _ in range(JOBS)]


def test_it_cannot_rely_on_dead_callbacks() -> None:
    """Why their health is watched: whoever still waited for them would see nothing for a minute."""
    assert median(all_kinds(learnt, heard=0.0).delays) > 30


def test_it_sees_in_fair_time_before_anything_is_learnt() -> None:
    seen = all_kinds(lambda kind: None, heard=None)
    assert median(seen.delays) <= 8
    assert mean(seen.queries) <= 25


@pytest.mark.parametrize("wrong", [0.5, 2.0], ids=["too short", "too long"])
def test_it_bears_a_provider_that_has_become_slower_or_faster(wrong: float) -> None:
    def known(kind: tuple[float, float]) -> pace.Usual:
        return pace.Usual(kind[0] * wrong, kind[1])

    seen = all_kinds(known, heard=None)
    assert median(seen.delays) <= 12
    assert mean(seen.queries) <= 32


def test_the_interval_falls_until_the_end_is_likely_and_then_rises() -> None:
    usual = pace.Usual(100, 0.4)
    early, middle, late = (pace.interval(age, usual, callbacks=False) for age in (50, 110, 2000))
    assert early > middle < late
    assert late <= 2000 * pace.SHARE_OF_AGE
    assert pace.interval(3 * 3600, usual, callbacks=False) == pace.STALE_INTERVAL
    assert pace.interval(3 * 3600, None, callbacks=True) == pace.STALE_INTERVAL


@pytest.mark.parametrize("age", [0, 0.001, 1e-9, 7199, 1e9])
@pytest.mark.parametrize("usual", [None, pace.Usual(1, 0.15), pace.Usual(86400, 3)])
def test_no_age_is_without_an_interval(age: float, usual: pace.Usual | None) -> None:
    for callbacks in (True, False):
        assert pace.SHORTEST <= pace.interval(age, usual, callbacks=callbacks) < inf


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_a_kind_from_its_last_jobs(kind: tuple[float, float]) -> None:
    assert learnt(kind, jobs=ENOUGH - 1) is None
    usual = learnt(kind)
    assert usual is not None
    assert usual.median == pytest.approx(kind[0], rel=0.15)
    assert usual.spread == pytest.approx(kind[1], rel=0.3)


def test_it_follows_a_provider_that_has_become_faster() -> None:
    moments = Moments()
    for seconds in [200.0] * 300 + [100.0] * (2 * MEMORY):
        moments = moments.with_one_more(seconds)
    usual = moments.usual()
    assert usual is not None
    assert usual.median == pytest.approx(100, rel=0.15)


def after_half_of_many(*, timed: bool) -> pace.Usual:
    """What is known when half of a thousand jobs, begun together, have ended."""
    chance, moments, before = random.Random(3), Moments(MEMORY, log(60), 0.4**2), 0.0
    for seconds in sorted(chance.lognormvariate(log(60), 0.4) for _ in range(1000))[:500]:
        moments = moments.with_one_more(seconds, since=seconds - before if timed else inf)
        before = seconds
    usual = moments.usual()
    assert usual is not None
    return usual


def test_the_quick_ones_of_many_do_not_speak_for_all() -> None:
    usual = after_half_of_many(timed=True)
    assert usual.median == pytest.approx(60, rel=0.15)
    assert usual.spread == pytest.approx(0.4, rel=0.2)
    # The control: the last fifty alone say that all of them end just now.
    assert after_half_of_many(timed=False).spread < 0.2


def test_it_relies_on_callbacks_of_which_98_in_100_come() -> None:
    chance, share = random.Random(1), 0.98
    for _ in range(5000):
        share = shifted(share, heard=chance.random() < 0.98, judged=1000)
        assert share > RELY_UNTIL


def test_it_stops_relying_soon_after_they_have_died() -> None:
    share, jobs = 0.98, 0
    while share >= RELY_UNTIL:
        share, jobs = shifted(share, heard=False, judged=1000), jobs + 1
    assert jobs <= 5


def test_it_begins_to_rely_only_after_some_have_come() -> None:
    share = 0.0
    for judged in range(10):
        share = shifted(share, heard=True, judged=judged)
    assert share >= RELY_FROM
