"""A database that does not answer, to all statements or to some."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.db import OperationalError, connection


def no_answer(
    error: type[Exception] = OperationalError, *, to: str = ""
) -> AbstractContextManager[None]:
    """Each statement in which `to` stands ends in `error`, as if the server were gone by then."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if to in sql:
            raise error("server closed the connection unexpectedly")
        return execute(sql, params, many, context)

    return connection.execute_wrapper(refuse)
