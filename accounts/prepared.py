"""Statements of one text, which PostgreSQL parses and plans once a connection.

For those that every request of a program sends: planning one takes the server longer than
answering it. Elsewhere than on PostgreSQL they are ordinary ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection


def execute(text: str, parameters: Sequence[Any]) -> Any:
    """The cursor, to be read and closed. The text never changes; what does are parameters.

    The server gives the parameters their types: where nothing says which, as in the list of a
    SELECT, one that may be NULL needs a CAST.
    """
    cursor = _cursor()
    try:
        cursor.execute(text, parameters)
    except BaseException:
        cursor.close()
        # As the ORM does it: whoever catches a refusal in a transaction must not commit the rest.
        if connection.in_atomic_block:
            connection.needs_rollback = True
        raise
    return cursor


def _cursor() -> Any:
    if connection.vendor == "postgresql":
        return connection.prepared_cursor()  # type: ignore[attr-defined]
    return connection.cursor()
