"""What can be wrong with a file, or with the place where files lie."""

from __future__ import annotations


class BrokenMedia(Exception):
    """The file is not whole, or not what it says it is. Its text may be shown to people."""


class StorageDown(Exception):
    """Storage does not take or give files now: full, gone, or refusing us. May pass."""


class NotStored(Exception):
    """There is no such file in storage."""
