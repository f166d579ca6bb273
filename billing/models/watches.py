from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Workspace


class BalanceWatch(models.Model):
    """What happens when a workspace's available credits fall below a threshold (billing.watches).

    A row comes with the first crossing, or with a threshold of the workspace's own. It fires once
    while armed, and is armed again when enough credits are available.
    """

    class Kind(models.TextChoices):
        LOW = "low", "Credits are low"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="balance_watches"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    threshold = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Micro-credits; empty: the installation's, 0: never."
    )
    is_armed = models.BooleanField(default=True)
    crossed_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "balance watches"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "kind"], name="balance_watch_unique"),
            models.CheckConstraint(
                condition=Q(is_armed=True) | Q(crossed_at__isnull=False),
                name="balance_watch_fired_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_due_at"],
                condition=Q(mail_due_at__isnull=False),
                name="balance_watch_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.workspace}"
