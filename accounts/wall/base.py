"""Django's PostgreSQL backend, whose connections know in which workspace they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg import Error

SYNC = "SELECT set_config('role', %s, false), set_config('app.workspace', %s, false)"


class _Operations(DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """What is shown where queries are logged; the driver does not tell it of a kept plan."""
        told = super().last_executed_query(cursor, sql, params)
        return str(told or self.compose_sql(sql, params))


class DatabaseWrapper(base.DatabaseWrapper):
    """`tenant` is the workspace that the server must hold us to; None: none, we see everything.

    Both settings live in the server's session, so that they cost one statement a request and not
    one a transaction. Leaving costs none: Django's health check, which a request's first query
    sends in any case, sends them instead of its SELECT 1. A connection that is made anew in the
    middle of a request is told them before it is used.
    """

    ops_class = _Operations
    tenant: int | None = None
    _told: int | None = None  # the workspace that the server's session is in

    def enter(self, workspace: int) -> None:
        self.ensure_connection()
        self.tenant = workspace
        self._sync()

    def leave(self) -> None:
        self.tenant = None
        # Attributes that the stubs do not know.
        enabled, done = (getattr(self, f"health_check_{name}") for name in ("enabled", "done"))
        if self.connection is not None and (done or not enabled):
            self._sync()

    @contextmanager
    def lifted(self) -> Iterator[None]:
        inside, self.tenant = self.tenant, None
        try:
            self._sync()
            yield
        finally:
            self.tenant = inside
            # What must be rolled back brings the settings back by itself, and takes no statement.
            if self.needs_rollback:
                self._told = inside
            else:
                self._sync()

    def prepared_cursor(self) -> Any:
        """A cursor whose statements the server itself fills in, and plans once a connection."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor: Any = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined]

    def is_usable(self) -> bool:
        if not settings.DATABASE_TENANT_ROLE:
            return super().is_usable()
        if self.connection is None:
            return False
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(SYNC, self._wanted())
        except Error:
            return False
        self._told = self.tenant
        return True

    def init_connection_state(self) -> None:
        super().init_connection_state()
        self._told = None
        if self.tenant is not None:
            self._sync()

    def _sync(self) -> None:
        if self._told == self.tenant:
            return
        with self.cursor() as cursor:
            cursor.execute(SYNC, self._wanted())
        self._told = self.tenant

    def _wanted(self) -> tuple[str, str]:
        if self.tenant is None:
            return "none", ""
        return settings.DATABASE_TENANT_ROLE, str(self.tenant)
