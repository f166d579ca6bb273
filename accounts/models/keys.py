from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.users import User
from accounts.models.workspaces import Workspace


class Scope(models.TextChoices):
    """What a key may do. A key without `write` can look, but neither spend nor change."""

    READ = "read", "Read"
    WRITE = "write", "Create and change"
    BILLING = "billing", "Buy credits"


class ApiKey(models.Model):
    """A program's key: `ks_<prefix>_<secret>`. Only the prefix and the secret's SHA-256 are kept.

    A plain hash is enough: the secret has 238 random bits, so a slow password hash would only
    slow every request down.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    label = models.CharField(max_length=60)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix})"

    @property
    def is_usable(self) -> bool:
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired
