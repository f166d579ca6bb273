"""The operator's view of the workers. Their app is on the ground, and knows no other."""

from __future__ import annotations

from django.contrib import admin

from accounts.read_only import ReadOnlyAdmin
from worker.models import Heartbeat, Lease


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin[Heartbeat]):
    list_display = ["worker_id", "host", "started_at", "beat_at", "restarts"]


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin[Lease]):
    list_display = ["name", "holder", "expires_at"]
