from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from worker.models import Heartbeat, Lease


class LookOnlyAdmin(admin.ModelAdmin[Any]):
    """Workers write these rows about themselves; a person who did would only mislead them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Heartbeat)
class HeartbeatAdmin(LookOnlyAdmin):
    list_display = ["worker_id", "host", "started_at", "beat_at", "restarts"]


@admin.register(Lease)
class LeaseAdmin(LookOnlyAdmin):
    list_display = ["name", "holder", "expires_at"]
