"""Where a process can die: before each statement, commit and HTTP request, and before each answer.

In the process that is to die `arm` is called; it writes down each place that it passes, and kills
itself at the one it was told. Of places with nothing but reading between them it dies at the first:
whoever comes after it could not tell them apart.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection

STATEMENT = r"(INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM)\s+\"?(\w+)"
WRITE = re.compile(r"\s*(?:WITH .*?\)\s+)?" + STATEMENT, re.S | re.I)
READS = frozenset({"SELECT", "WITH", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET"})
WORD = re.compile(r"\s*(\w+)")
# Of Stripe, of ours, and numbers.
ID = re.compile(r"/(?:[a-z]+_(?:test_)?[0-9a-f]{24}|[0-9a-f-]{32,40}|\d+)(?=/|\.|$)")


class Faults:
    """Dies at place number `last`; all that it passes before is written to `trail`, a line each."""

    def __init__(self, *, last: int, trail: int) -> None:
        self.last = last
        self.trail = trail
        self.passed = 0
        self.only_read = False

    def arm(self) -> None:
        connection.execute_wrappers.append(self._statement)
        # Commits do not pass the wrappers.
        commit = connection.commit

        def committing() -> None:
            self.place("COMMIT")
            commit()

        connection.commit = committing  # type: ignore[method-assign]
        _watch_http(self.place)

    def place(self, name: str) -> None:
        if not self.only_read:
            if self.passed == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
            self.passed += 1
        self.only_read = name in READS
        os.write(self.trail, f"{name}\n".encode())

    def _statement(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        self.place(_name(str(sql)))
        return execute(sql, params, many, context)


def _name(sql: str) -> str:
    """`INSERT billing_order`; of a statement that writes nothing its first word alone."""
    write = WRITE.match(sql)
    if write:
        return f"{write[1].split()[0].upper()} {write[2]}"
    word = WORD.match(sql)
    return word[1].upper() if word else "?"


def _watch_http(place: Callable[[str], None]) -> None:
    """In this process only, at the lowest floor that all of our clients stand on."""
    asked, answered = http.client.HTTPConnection.putrequest, http.client.HTTPConnection.getresponse

    def putrequest(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        place(f"{method} {ID.sub('/{id}', url.partition('?')[0])}")
        asked(self, method, url, *args, **kwargs)

    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = answered(self, *args, **kwargs)
        place("answer")
        return answer

    http.client.HTTPConnection.putrequest = putrequest  # type: ignore[method-assign, assignment]
    http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]
