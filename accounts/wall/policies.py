"""Row-level security on every tenant-owned table, made from the models.

A table with `workspace_id` is bound by it, one without by the first row it must point to that is.
So a new table is behind the wall from its first migrate on. The owner of the tables is not bound:
that is who migrates, works and administers.
"""

from __future__ import annotations

import hashlib

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from accounts.models import Workspace

POLICY = "workspace_wall"
_CURRENT = "(SELECT nullif(current_setting('app.workspace', true), '')::bigint)"
RIGHTS = {
    "r": ("SELECT, INSERT, UPDATE, DELETE", "TABLE"),
    "S": ("USAGE, SELECT", "SEQUENCE"),
}
OWN = """
SELECT relkind, relname FROM pg_class
WHERE pg_table_is_visible(oid) AND pg_has_role(relowner, 'USAGE')
  AND relnamespace = current_schema()::regnamespace
  AND CASE relkind
    WHEN 'r' THEN NOT has_table_privilege(%s, oid, 'DELETE')
    WHEN 'S' THEN NOT has_sequence_privilege(%s, oid, 'USAGE')
    ELSE false END
"""
# Rows of many workspaces without saying whose: no request of a tenant has business there.
CLOSED = {"billing.StripeEvent", "billing.Reconciliation", "accounts.RequestCount"}


def conditions() -> dict[str, str]:
    """What a row must be to be seen, by table."""
    found = {}
    for model in apps.get_models():
        condition = _condition(model)
        if condition is not None:
            found[model._meta.db_table] = condition
    return found


def install(connection: BaseDatabaseWrapper) -> None:
    """Bring every policy to the text of this version, and let the tenant role use the tables.

    Safe to repeat; locks no table whose policy is as it should be.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        installed = _installed(connection)
        for table, condition in conditions().items():
            if table in there and installed.get(table) != _digest(condition):
                for statement in _statements(table, condition):
                    cursor.execute(statement)
    if settings.DATABASE_TENANT_ROLE:
        _admit_role(connection)


def unprotected(connection: BaseDatabaseWrapper) -> list[str]:
    """Tenant-owned tables whose policy is absent, switched off or of another text."""
    installed = _installed(connection)
    wanted = {table: _digest(condition) for table, condition in conditions().items()}
    return sorted(table for table, digest in wanted.items() if installed.get(table) != digest)


def _condition(model: type[Model]) -> str | None:
    if model is Workspace:
        return f"id = {_CURRENT}"
    if model._meta.label in CLOSED:
        return "false"
    fields = {field.name: field for field in model._meta.concrete_fields}
    owner = fields.get("workspace")
    if owner is not None and owner.related_model is Workspace:
        return f"workspace_id = {_CURRENT}"
    for field in fields.values():
        if isinstance(field, models.ForeignKey) and not field.null:
            parent = field.related_model
            if parent is not model and _condition(parent) is not None:
                # The parent's own policy decides whether its row is seen.
                there = f"parent.{field.target_field.column}"
                here = f"{model._meta.db_table}.{field.column}"
                return (
                    f"EXISTS (SELECT 1 FROM {parent._meta.db_table} parent WHERE {there} = {here})"
                )
    return None


def _statements(table: str, condition: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {table}",
        f"CREATE POLICY {POLICY} ON {table} USING ({condition})",
        f"COMMENT ON POLICY {POLICY} ON {table} IS '{_digest(condition)}'",
    ]


def _digest(condition: str) -> str:
    """PostgreSQL rewrites a condition; this tells whether it is ours."""
    return hashlib.sha256(condition.encode()).hexdigest()[:16]


def _installed(connection: BaseDatabaseWrapper) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, obj_description(p.oid, 'pg_policy') "
            "FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid "
            "WHERE p.polname = %s AND c.relrowsecurity AND pg_table_is_visible(c.oid)",
            [POLICY],
        )
        return dict(cursor.fetchall())


def _admit_role(connection: BaseDatabaseWrapper) -> None:
    """Rights of the tenant role to our tables, and to those still to come."""
    role = settings.DATABASE_TENANT_ROLE
    quoted = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            return  # whoever may make roles has to; manage.py doctor says how
        cursor.execute(
            "SELECT current_schema() WHERE NOT has_schema_privilege(%s, current_schema(), 'USAGE')",
            [role],
        )
        for (schema,) in cursor.fetchall():
            cursor.execute(f"GRANT USAGE ON SCHEMA {connection.ops.quote_name(schema)} TO {quoted}")
        # By name: what else stands in the schema, of an extension perhaps, is not ours to grant.
        cursor.execute(OWN, [role, role])
        for kind, name in cursor.fetchall():
            rights, what = RIGHTS[kind]
            name = connection.ops.quote_name(name)
            cursor.execute(f"GRANT {rights} ON {what} {name} TO {quoted}")
        for rights, what in RIGHTS.values():
            cursor.execute(f"ALTER DEFAULT PRIVILEGES GRANT {rights} ON {what}S TO {quoted}")
