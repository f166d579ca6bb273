"""The doors to a workspace's endpoints and deliveries."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Workspace
from webhooks.models import Delivery, Endpoint


def endpoints(workspace: Workspace) -> QuerySet[Endpoint]:
    """Newest first, without the deleted ones."""
    return Endpoint.objects.filter(workspace=workspace, deleted_at=None).order_by("-pk")


def deliveries(endpoint: Endpoint) -> QuerySet[Delivery]:
    """Newest first, with message and attempts."""
    return _with_log(Delivery.objects.filter(endpoint=endpoint))


def deliveries_to_job_addresses(workspace: Workspace) -> QuerySet[Delivery]:
    """What went to the `webhook_url` of single jobs."""
    return _with_log(Delivery.objects.filter(message__workspace=workspace, endpoint=None))


def _with_log(found: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return found.select_related("message", "endpoint").prefetch_related("log").order_by("-pk")
