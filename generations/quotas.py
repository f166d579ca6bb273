"""What a workspace's plan and its own caps allow, counted from the rows."""

from __future__ import annotations

from django.db.models import Sum

from accounts.access import Actor
from accounts.models import Workspace
from accounts.quotas import refuse_above
from generations.models import Asset, Generation, Upload
from generations.queries import without_parked
from generations.spending import refuse_above_caps


def check(by: Actor, *, credits: int) -> None:
    """Refuse a job of `credits` micro-credits that plan or caps have no room for."""
    limit = by.workspace.plan.running_jobs
    if limit is not None:
        unfinished = Generation.objects.filter(workspace=by.workspace, due_at__isnull=False)
        running = without_parked(unfinished).count()
        refuse_above(quota="running_jobs", limit=limit, used=running, adding=1, retry_after=30)
    refuse_above_caps(by, credits=credits)
    check_storage(by.workspace, adding=1)


def check_storage(workspace: Workspace, *, adding: int) -> None:
    """Refuse `adding` bytes that the plan has no room for."""
    limit = workspace.plan.storage_bytes
    if limit is not None:
        refuse_above(
            quota="storage_bytes", limit=limit, used=stored_bytes(workspace), adding=adding
        )


def stored_bytes(workspace: Workspace) -> int:
    total = 0
    for model in (Asset, Upload):
        found = model.objects.filter(workspace=workspace).aggregate(total=Sum("bytes"))
        total += found["total"] or 0
    return total
