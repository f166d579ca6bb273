from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """One running supervisor with its cluster: when work last went all the way through it."""

    worker_id = models.CharField(max_length=90, unique=True)
    host = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    # Empty until the cluster has done its first task: a worker that never worked is no worker.
    beat_at = models.DateTimeField(null=True, blank=True, db_index=True)
    restarts = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.worker_id


class Lease(models.Model):
    """The right to do one kind of work alone, until `expires_at`."""

    name = models.CharField(max_length=60, unique=True)
    holder = models.CharField(max_length=40)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
