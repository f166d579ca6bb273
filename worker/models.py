from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """The right to do one kind of work alone, until `expires_at`."""

    name = models.CharField(max_length=60, unique=True)
    holder = models.CharField(max_length=40)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
