"""Statements of one text, which PostgreSQL parses and plans once a connection.

For those that every request of a program sends: planning one takes the server longer than
answering it. Elsewhere than on PostgreSQL it is an ordinary cursor.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def prepared_cursor() -> Iterator[Any]:
    """A cursor for statements whose text never changes; what does are parameters.

    The server gives the parameters their types: where nothing says which, as in the list of a
    SELECT, one that may be NULL needs a CAST.
    """
    # As the ORM does it: whoever catches a refusal in a transaction must not commit the rest.
    with transaction.mark_for_rollback_on_error(connection.alias), _cursor() as cursor:
        yield cursor


def _cursor() -> Any:
    if connection.vendor == "postgresql":
        return connection.prepared_cursor()  # type: ignore[attr-defined]
    return connection.cursor()
