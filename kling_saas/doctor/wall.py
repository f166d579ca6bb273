"""Whether PostgreSQL keeps workspaces apart by itself, too."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError

from accounts.models import Workspace
from accounts.wall import policies
from kling_saas.doctor.findings import Finding, Findings, fine, warning, wrong

HOW = "see “A second wall between workspaces” in docs/operating.md"


def row_level_security() -> Findings:
    role = settings.DATABASE_TENANT_ROLE
    if connection.vendor != "postgresql":
        if role:
            yield wrong("DATABASE_TENANT_ROLE needs PostgreSQL; this database keeps nothing apart")
        return
    if not role:
        yield warning(
            f"DATABASE_TENANT_ROLE is not set: only our code keeps workspaces apart; {HOW}"
        )
        return
    found = list(_troubles(role))
    yield from found or [fine(f"row-level security holds requests in the role {role}")]


def _troubles(role: str) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", [role])
        rights = cursor.fetchone()
    if rights is None:
        yield wrong(f"there is no database role {role}; {HOW}")
        return
    if any(rights):
        yield wrong(f"the role {role} is a superuser or has BYPASSRLS: no policy binds it")
    if owned := _owned(role):
        yield wrong(f"the role {role} owns {owned} of our tables, or is a member of who does")
    if missing := policies.unprotected(connection):
        yield wrong(f"no policy on {', '.join(missing)}: run manage.py prepare")
    yield from _tried(role)


def _owned(role: str) -> int:
    """Tables that the role may see whole since it has its owner's rights."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relname = ANY(%s) AND pg_table_is_visible(oid) "
            "AND pg_has_role(%s, relowner, 'USAGE')",
            [list(policies.conditions()), role],
        )
        return int(cursor.fetchone()[0])


def _tried(role: str) -> Iterator[Finding]:
    """What a request that forgot its workspace would see."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', %s, true)", [role])
            if Workspace.objects.exists():
                yield wrong(f"the role {role} sees workspaces without having entered one")
            cursor.execute("SELECT set_config('role', 'none', true)")
    except DatabaseError as exc:
        yield wrong(f"we cannot work in the role {role} ({type(exc.__cause__).__name__}); {HOW}")
