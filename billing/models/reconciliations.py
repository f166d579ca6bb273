from __future__ import annotations

from django.db import models
from django.db.models import Q


class Reconciliation(models.Model):
    """How far a comparison with Stripe has come. One goes on until it has come to its end."""

    livemode = models.BooleanField(default=False)
    since = models.DateTimeField(help_text="What is older is not looked at.")
    step = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    # When it last came further, or somebody took it up.
    worked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["livemode"],
                condition=Q(finished_at__isnull=True),
                name="reconciliation_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d}: {self.step}"
