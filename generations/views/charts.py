"""Bars of a chart as an SVG has them: drawn by the server, so that no script has to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 720, 160
MOST_GAP = 3.0


@dataclass(frozen=True)
class Bar:
    day: date
    value: int
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Chart:
    """`top` is the value at its upper edge. Places are text: a template would localise numbers."""

    bars: list[Bar]
    top: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def first(self) -> date:
        return self.bars[0].day

    @property
    def last(self) -> date:
        return self.bars[-1].day


def per_day(values: Mapping[date, int], *, first: date, last: date) -> Chart:
    """A bar for each day, also for those without a value."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    top = max((values.get(day, 0) for day in days), default=0)
    step = WIDTH / len(days)
    gap = min(MOST_GAP, step * 0.25)
    bars = []
    for number, day in enumerate(days):
        value = values.get(day, 0)
        # A day with something is never without a mark.
        height = max(1.0, HEIGHT * value / top) if value else 0.0
        bars.append(
            Bar(
                day=day,
                value=value,
                x=f"{number * step + gap / 2:.2f}",
                y=f"{HEIGHT - height:.2f}",
                width=f"{step - gap:.2f}",
                height=f"{height:.2f}",
            )
        )
    return Chart(bars, top)
