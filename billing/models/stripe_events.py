from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class StripeEvent(models.Model):
    """An event as Stripe sent it, stored once. A hint that something changed, never the fact."""

    class State(models.TextChoices):
        NEW = "new", "New"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"

    event_id = models.CharField(max_length=120, primary_key=True)
    type = models.CharField(max_length=120)
    object_id = models.CharField(max_length=120, blank=True, db_index=True)
    # Set for accounts that are connected to ours; none of those is ours to work.
    account = models.CharField(max_length=120, blank=True)
    api_version = models.CharField(max_length=40, blank=True)
    payload = models.JSONField()
    livemode = models.BooleanField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="new"), name="stripe_event_new"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
