"""How often to ask about a running job: the more, the likelier it is to end just now.

Durations of one kind of job are close to log-normal. With a hazard h, the chance a second that a
job which still runs ends now, an interval of g costs 1/g queries a second and g/2 seconds of
delay to those that end: the best g is √(2c/h), where c seconds of delay are worth one query.
All times are seconds of the provider (timing.age).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, inf, log, pi, sqrt
from statistics import NormalDist

# Delay that is worth a query, as a share of the usual duration: who waits four minutes does not
# notice four seconds.
WORTH = 0.0032
FIRST = 0.02  # of jobs of a kind are over at the first look
FIRST_BESIDE_CALLBACKS = 0.9  # the same, where callbacks find the others
SHORTEST, LONGEST = 2.0, 30.0
SHARE_OF_AGE = 0.1  # of a job that is late, or whose end a callback will tell
LONGEST_BESIDE_CALLBACKS = 60.0
# Before anything is known of a kind of job.
UNKNOWN_FIRST, UNKNOWN_SHARE, UNKNOWN_LONGEST = 3.0, 0.15, 15.0
STALE_AFTER, STALE_INTERVAL = 2 * 3600.0, 900.0

_NORMAL = NormalDist()


@dataclass(frozen=True)
class Usual:
    """The log-normal: `median` in seconds, `spread` the deviation of the logarithm."""

    median: float
    spread: float

    def quantile(self, share: float) -> float:
        return self.median * exp(self.spread * _NORMAL.inv_cdf(share))

    def hazard(self, age: float) -> float:
        """Of those still running at `age`, the share that ends in the next second."""
        z = log(age / self.median) / self.spread
        running = 0.5 * erfc(z / sqrt(2))
        if running < 1e-9:
            return 0.0  # so late that the law says nothing any more
        return exp(-z * z / 2) / (age * self.spread * sqrt(2 * pi)) / running


def first_look(usual: Usual | None, *, callbacks: bool) -> float:
    """Seconds after the submission. `callbacks`: whether they can be trusted to come."""
    if usual is None:
        return UNKNOWN_FIRST
    share = FIRST_BESIDE_CALLBACKS if callbacks else FIRST
    return max(SHORTEST, usual.quantile(share))


def interval(age: float, usual: Usual | None, *, callbacks: bool) -> float:
    """Seconds until the next look at a job that still ran at `age`."""
    if age > STALE_AFTER:
        return STALE_INTERVAL
    if usual is None:
        return _within(SHORTEST, UNKNOWN_SHARE * age, UNKNOWN_LONGEST)
    if (early := first_look(usual, callbacks=callbacks) - age) > SHORTEST:
        return early  # woken before its time
    if callbacks:
        return _within(SHORTEST, SHARE_OF_AGE * age, LONGEST_BESIDE_CALLBACKS)
    best = _best(age, usual)
    return _within(SHORTEST, _best(age + best / 2, usual), max(LONGEST, SHARE_OF_AGE * age))


def _best(age: float, usual: Usual) -> float:
    hazard = usual.hazard(max(age, 0.1))
    longest = max(LONGEST, SHARE_OF_AGE * age)
    return min(longest, sqrt(2 * WORTH * usual.median / hazard) if hazard > 0 else inf)


def _within(least: float, value: float, most: float) -> float:
    return max(least, min(value, most))
