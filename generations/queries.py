"""The one door to a workspace's generations: what is absent and what is another's look the same."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Workspace
from generations.models import Asset, Generation, Upload


def for_workspace(workspace: Workspace) -> QuerySet[Generation]:
    return Generation.objects.filter(workspace=workspace, deleted_at=None).select_related("account")


def assets_of(workspace: Workspace) -> QuerySet[Asset]:
    return Asset.objects.filter(workspace=workspace)


def uploads_of(workspace: Workspace) -> QuerySet[Upload]:
    return Upload.objects.filter(workspace=workspace)
