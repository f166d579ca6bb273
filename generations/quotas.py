"""What a workspace's plan allows, counted from the rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Workspace
from accounts.quotas import limits_of, refuse_above
from generations.models import Asset, Generation, Upload
from generations.states import ACTIVE, State


def check(workspace: Workspace, *, credits: int) -> None:
    """Refuse a job of `credits` micro-credits that the plan has no room for."""
    limits = limits_of(workspace)
    if limits.running_jobs is not None:
        running = Generation.objects.filter(workspace=workspace, due_at__isnull=False).count()
        refuse_above(
            quota="running_jobs", limit=limits.running_jobs, used=running, adding=1, retry_after=30
        )
    if limits.daily_credits is not None:
        refuse_above(
            quota="daily_credits",
            limit=limits.daily_credits,
            used=spent_today(workspace),
            adding=credits,
            retry_after=_until_midnight(),
        )
    check_storage(workspace, adding=1)


def check_storage(workspace: Workspace, *, adding: int) -> None:
    """Refuse `adding` bytes that the plan has no room for."""
    limit = limits_of(workspace).storage_bytes
    if limit is not None:
        refuse_above(
            quota="storage_bytes", limit=limit, used=stored_bytes(workspace), adding=adding
        )


def spent_today(workspace: Workspace) -> int:
    """Micro-credits charged, or still held, for jobs created today (UTC)."""
    today = Generation.objects.filter(workspace=workspace, created_at__gte=_midnight())
    running = today.filter(state__in=ACTIVE - {State.STORING}).aggregate(
        total=Coalesce(Sum(F("quoted")), 0)
    )
    done = today.aggregate(total=Coalesce(Sum(F("charged")), 0))
    return int(running["total"]) + int(done["total"])


def stored_bytes(workspace: Workspace) -> int:
    total = 0
    for model in (Asset, Upload):
        found = model.objects.filter(workspace=workspace).aggregate(total=Sum("bytes"))
        total += found["total"] or 0
    return total


def _midnight() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


def _until_midnight() -> int:
    return int((_midnight() + timedelta(days=1) - timezone.now()).total_seconds()) + 1
