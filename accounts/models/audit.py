from __future__ import annotations

from django.db import models

from accounts.models.keys import ApiKey
from accounts.models.users import User
from accounts.models.workspaces import Workspace


class AuditEvent(models.Model):
    """Who did what to the workspace itself: members, keys, plan. Only ever added to."""

    workspace = models.ForeignKey(
        Workspace, null=True, on_delete=models.SET_NULL, related_name="audit_events"
    )
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")
    action = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["workspace", "-created_at"], name="audit_by_workspace")]

    def __str__(self) -> str:
        return self.action
