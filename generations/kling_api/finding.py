"""The tasks of one endpoint, as a workspace may see them."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Workspace
from generations import queries
from generations.kling_api.errors import TaskNotFound
from generations.models import Generation
from kling.operations.base import Operation


def tasks(workspace: Workspace, operation: Operation) -> QuerySet[Generation]:
    """Newest first. A task is known only below the endpoint that made it, as with Kling."""
    rows = queries.for_workspace(workspace).filter(operation=operation.name)
    return rows.select_related("workspace").prefetch_related("assets").order_by("-pk")


def task(workspace: Workspace, operation: Operation, given: str) -> Generation:
    """By our id or by the caller's own `external_task_id`. Raises TaskNotFound."""
    rows = tasks(workspace, operation)
    found = rows.filter(public_id=given).first() or rows.filter(client_task_id=given).first()
    if found is None:
        raise TaskNotFound(given)
    return found
