from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.caps import Capped
from accounts.models.users import User
from accounts.models.workspaces import Workspace
from accounts.sealing import SealedField


class Scope(models.TextChoices):
    """What a key may do. A key without `write` can look, but neither spend nor change."""

    READ = "read", "Read"
    WRITE = "write", "Create and change"
    BILLING = "billing", "Buy credits"
    APPROVE = "approve", "Approve expensive jobs"


class ApiKey(Capped):
    """A program's key, in one of two forms.

    An API key is `ks_<prefix>_<secret>`, sent as it is. Only the secret's SHA-256 is kept; a plain
    hash is enough, since the secret has 238 random bits.

    A key pair is the access key `ak_<prefix>` and a secret that never goes over the wire: it signs
    short-lived tokens, as Kling's own pairs do. To check them we need it, so it is kept sealed.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="api_keys")
    label = models.CharField(max_length=60)
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    sealed_secret = SealedField(blank=True)
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
        constraints = [
            models.CheckConstraint(
                condition=(Q(digest="") & ~Q(sealed_secret=""))
                | (~Q(digest="") & Q(sealed_secret="")),
                name="api_key_hashed_or_sealed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix})"

    @property
    def is_pair(self) -> bool:
        return bool(self.sealed_secret)

    @property
    def access_key(self) -> str:
        """The open half of a key pair."""
        return f"ak_{self.prefix}"

    @property
    def is_usable(self) -> bool:
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired
