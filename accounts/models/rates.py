from __future__ import annotations

from django.db import models


class RequestCount(models.Model):
    """Requests of a key or of an address in its running minute; written by `accounts.rates`."""

    key = models.CharField(max_length=64, primary_key=True)
    started = models.FloatField(help_text="Seconds since 1970, by the clock that counts.")
    count = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["started"], name="request_count_started")]

    def __str__(self) -> str:
        return f"{self.count} of {self.key}"
