"""Whether the database did not answer, or was asked something wrong."""

from __future__ import annotations

import sqlite3

from django.db import InterfaceError, OperationalError


def is_outage(exc: BaseException | None) -> bool:
    """True for what may pass: a server that is gone, a lock, a deadlock, a statement cut short."""
    if not isinstance(exc, OperationalError | InterfaceError):
        return False
    # SQLite calls our own mistakes operational too: a table or a column that is not there.
    return getattr(exc.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
