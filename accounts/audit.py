"""The audit log: who changed members, keys and plan. Called inside the change's transaction."""

from __future__ import annotations

from accounts.access import Actor
from accounts.models import AuditEvent

Detail = str | int | bool | list[str] | None


def record(*, by: Actor, action: str, **detail: Detail) -> AuditEvent:
    """Note that `by` did `action` ("key.created") in its workspace."""
    return AuditEvent.objects.create(
        workspace=by.workspace, user=by.user, api_key=by.api_key, action=action, detail=detail
    )
