"""How long files are kept: the plan says so, and people see the day before it comes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Workspace

# Of files whose days got fewer, by another plan or a change of it.
NOTICE = timedelta(days=7)


def expires_at(workspace: Workspace, stored_at: datetime) -> datetime | None:
    """When files that were stored then may be removed; None: never."""
    plan = workspace.plan
    if plan.retention_days is None:
        return None
    changes = (plan.retention_changed_at, workspace.plan_changed_at)
    noticed = [changed + NOTICE for changed in changes if changed is not None]
    return max([stored_at + timedelta(days=plan.retention_days), *noticed])


def horizon(workspace: Workspace) -> datetime | None:
    """Files of the workspace that were stored until then may be removed now; None: none may."""
    now, days = timezone.now(), workspace.plan.retention_days
    if days is None:
        return None
    before = now - timedelta(days=days)
    expiry = expires_at(workspace, before)
    return before if expiry is not None and expiry <= now else None
