from __future__ import annotations

from django.db import models


class Capped(models.Model):
    """What jobs may cost in a UTC day and in a UTC month, in micro-credits. None: no cap."""

    daily_cap = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Credits a day (UTC), in millionths of a credit."
    )
    monthly_cap = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Credits a month (UTC), in millionths of a credit."
    )

    class Meta:
        abstract = True
