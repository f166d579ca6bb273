"""Time zones that people choose from."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


@cache
def names() -> tuple[str, ...]:
    """ "UTC" and all places ("Europe/Paris"), without the database's aliases and curiosities."""
    odd = ("Etc/", "SystemV/", "posix/", "right/", "US/")
    places = {name for name in available_timezones() if "/" in name and not name.startswith(odd)}
    return ("UTC", *sorted(places))


def is_known(name: str) -> bool:
    return name in names()


def zone(name: str) -> ZoneInfo:
    """The zone of that name, or UTC: an update of the system's zones may take a name away.

    Tried, not looked up: the list of all zones is read from six hundred files at each call.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
