from __future__ import annotations

from django.db import models


class LedgerAlarm(models.Model):
    """A rule of the ledger that was found broken: told to the operator once, until it is mended."""

    rule = models.CharField(max_length=200)
    detail = models.CharField(max_length=200)
    found_at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True, blank=True)
    mended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "detail"],
                condition=models.Q(mended_at__isnull=True),
                name="ledger_alarm_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.detail}"
