"""Billing periods, by the calendar: a month after January 31 is the end of February."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from billing.sandbox.store import Row

MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


def start_of(anchor: int, recurring: Row, number: int) -> int:
    """Unix seconds at which period `number` begins; number 0 begins at the anchor.

    Counted from the anchor, not from the last period: else the 31st would become the 28th for good.
    """
    begin = datetime.fromtimestamp(anchor, UTC)
    count = recurring["interval_count"] * number
    if recurring["interval"] in DAYS:
        moved = begin + timedelta(days=count * DAYS[recurring["interval"]])
    else:
        months = begin.year * 12 + begin.month - 1 + count * MONTHS[recurring["interval"]]
        year, month = months // 12, months % 12 + 1
        day = min(begin.day, calendar.monthrange(year, month)[1])
        moved = begin.replace(year=year, month=month, day=day)
    return int(moved.timestamp())
