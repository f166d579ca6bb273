"""The `Range` header of RFC 9110, section 14: one range of bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range begins behind the end of the file."""


@dataclass(frozen=True)
class Range:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def wanted(headers: Mapping[str, str], *, size: int, etag: str, modified: str) -> Range | None:
    """The part that is asked for; None for the whole. Raises Unsatisfiable.

    A header that cannot be read, or names several ranges, is as good as none: the standard lets
    a server send the whole file then.
    """
    found = ONE_RANGE.fullmatch(headers.get("Range", ""))
    if found is None or not _still_valid(headers.get("If-Range"), etag, modified):
        return None
    first, last = found.groups()
    if not first:
        return _suffix(last, size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Range(int(first), min(int(last) if last else size - 1, size - 1))


def _suffix(length: str, size: int) -> Range | None:
    """`bytes=-500`: the last 500 bytes."""
    if not length:
        return None
    if int(length) == 0 or size == 0:
        raise Unsatisfiable
    return Range(max(0, size - int(length)), size - 1)


def _still_valid(if_range: str | None, etag: str, modified: str) -> bool:
    """A part is only good for those who have the rest of this very file."""
    return if_range is None or if_range.strip() in (etag, modified)
