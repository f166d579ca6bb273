from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.signals import request_finished
from django.db import connections
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import plans, wall

        post_migrate.connect(plans.create_missing, sender=self)
        post_migrate.connect(_build_wall, sender=self)
        request_finished.connect(wall.leave, dispatch_uid="accounts.wall")


def _build_wall(*, using: str, **_: Any) -> None:
    """The policies follow every migrate, and so the tables that there are."""
    from accounts.wall import policies

    policies.install(connections[using])
