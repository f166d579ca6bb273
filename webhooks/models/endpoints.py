from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.ids import new_id
from accounts.models import Workspace
from accounts.sealing import SealedField


def new_endpoint_id() -> str:
    return new_id("whe")


class EventType(models.TextChoices):
    GENERATION_SUCCEEDED = "generation.succeeded", "A job succeeded"
    GENERATION_FAILED = "generation.failed", "A job failed"
    GENERATION_CANCELED = "generation.canceled", "A job was cancelled"
    CREDITS_LOW = "credits.low", "Credits are low"
    CREDITS_PURCHASED = "credits.purchased", "Credits were bought"


class DisabledReason(models.TextChoices):
    BY_HAND = "by_hand", "Switched off"
    GONE = "gone", "The receiver answered 410 Gone"
    FAILING = "failing", "Failed for days"


class Signer(models.Model):
    """A signing secret and, while it is being rotated, the one before.

    Both sign during the overlap, so that a receiver may change over at any moment of it.
    """

    sealed_secret = SealedField()
    sealed_previous_secret = SealedField(blank=True)
    previous_secret_expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class WorkspaceSecret(Signer):
    """Signs what goes to the `webhook_url` of a single job; made when it is first needed."""

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, related_name="webhook_secret"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Signing secret of {self.workspace}"


class Endpoint(Signer):
    """A receiver of a workspace's events.

    Deleting only sets `deleted_at`: a foreign key to a vanishing row would fail the transaction
    that announces an event at the same moment, and with it the job's money.
    """

    public_id = models.CharField(
        max_length=40, unique=True, default=new_endpoint_id, editable=False
    )
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="webhook_endpoints"
    )
    url = models.CharField("URL", max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events = models.JSONField(default=list, blank=True, help_text="Empty: every event.")
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(
        max_length=10, blank=True, choices=DisabledReason.choices, default=""
    )
    disabled_at = models.DateTimeField(null=True, blank=True)
    owners_told_at = models.DateTimeField(
        null=True, blank=True, help_text="When the e-mail about the switching off went out."
    )
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text="The first failure since the last success."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(enabled=True, disabled_reason="", disabled_at=None)
                | Q(
                    enabled=False,
                    disabled_reason__in=[reason.value for reason in DisabledReason],
                    disabled_at__isnull=False,
                ),
                name="endpoint_disabled_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "-id"],
                condition=Q(deleted_at=None),
                name="endpoint_by_workspace",
            ),
            models.Index(
                fields=["disabled_at"],
                condition=Q(
                    enabled=False,
                    disabled_reason__in=["gone", "failing"],
                    owners_told_at=None,
                    deleted_at=None,
                ),
                name="endpoint_owners_to_tell",
            ),
        ]

    def __str__(self) -> str:
        return self.url

    def wants(self, event_type: str) -> bool:
        return not self.events or event_type in self.events
