"""The second wall between workspaces: PostgreSQL itself shows a request its own workspace only.

The first wall is the code: every query starts from a workspace. Where one forgets it, row-level
security (`accounts.wall.policies`) answers with nothing instead of with other people's rows.

A request of a signed-in person or of a key enters its workspace: its connection takes the role
DATABASE_TENANT_ROLE, which the policies bind, and says which workspace it is in. Everything else
works as the role that owns the tables and sees them whole: workers, commands, the admin, and what
happens before it is known who asks. Without the setting, or on SQLite, all of this does nothing.

What it is not: a guard against whoever can send SQL of their own, since that can leave the role.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection


def enter(workspace: int) -> None:
    """See only this workspace, by primary key, until the request ends. One statement."""
    if is_wanted():
        connection.enter(workspace)  # type: ignore[attr-defined]


def leave(**_: Any) -> None:
    """See everything again. Mostly without a statement: see `base.DatabaseWrapper`."""
    if is_wanted():
        connection.leave()  # type: ignore[attr-defined]


@contextmanager
def lifted() -> Iterator[None]:
    """For the few questions about all workspaces together that a request asks: counts, no rows."""
    if not is_wanted() or connection.tenant is None:  # type: ignore[attr-defined]
        yield
        return
    with connection.lifted():  # type: ignore[attr-defined]
        yield


def is_wanted() -> bool:
    return bool(settings.DATABASE_TENANT_ROLE) and connection.vendor == "postgresql"
