"""The one door to a workspace's generations: what is absent and what is another's look the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import QuerySet

from accounts.models import Workspace
from generations.models import Approval, Asset, Generation, State, Upload
from kling import operations


def for_workspace(workspace: Workspace) -> QuerySet[Generation]:
    return Generation.objects.filter(workspace=workspace, deleted_at=None).select_related("account")


def deleted_among(public_ids: Collection[str]) -> set[str]:
    """Those whose pages are gone; what they cost stays on the books."""
    rows = Generation.objects.filter(public_id__in=public_ids, deleted_at__isnull=False)
    return set(rows.values_list("public_id", flat=True))


def assets_of(workspace: Workspace) -> QuerySet[Asset]:
    """Without what is left of deleted ones (assets.forget)."""
    return Asset.objects.filter(workspace=workspace, generation__deleted_at=None)


def uploads_of(workspace: Workspace) -> QuerySet[Upload]:
    return Upload.objects.filter(workspace=workspace)


def matching(rows: QuerySet[Generation], asked: Mapping[str, Any]) -> QuerySet[Generation]:
    """Those that a list query asks for; a name that is not in `asked` filters nothing."""
    fields = {
        "status": "state",
        "operation": "operation",
        "approval": "approval",
        "created_after": "created_at__gt",
        "created_before": "created_at__lt",
    }
    if asked.get("approval") == Approval.WAITING:
        rows = rows.filter(state=State.QUEUED)  # not those that were withdrawn
    return rows.filter(**{fields[name]: asked[name] for name in fields if name in asked})


def in_line() -> QuerySet[Generation]:
    """Jobs of all workspaces that wait for a place; not those that wait for an approval first."""
    return Generation.objects.filter(state=State.QUEUED).exclude(approval=Approval.WAITING)


def without_parked(rows: QuerySet[Generation]) -> QuerySet[Generation]:
    """Leave out those that wait for the operator and cannot be running anywhere any more.

    A call that is answered at once has ended when its answer got lost. Its hold stays, but it must
    not take up a slot of the account or of the plan until somebody comes to decide.
    """
    at_once = [one.name for one in operations.all_operations() if one.synchronous]
    return rows.exclude(state=State.RECONCILING, operation__in=at_once)
