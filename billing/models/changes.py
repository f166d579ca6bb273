from __future__ import annotations

from django.db import models


class Change(models.Model):
    """History: written with each move of what it belongs to, in the same transaction."""

    was = models.CharField(max_length=30)
    now = models.CharField(max_length=30)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.was} → {self.now}"
