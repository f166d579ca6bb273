from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from billing import checks, first_prices  # noqa: F401  registers the system checks

        post_migrate.connect(first_prices.create_missing, sender=self)
        post_migrate.connect(_install_guards, sender=self)


def _install_guards(*, using: str, **_: Any) -> None:
    """Triggers follow every migrate: SQLite drops them whenever a table is rebuilt."""
    from billing import guards

    connection = connections[using]
    # The newest of the guarded tables: migrated back behind it, there is nothing to install on.
    if "billing_subscriptionplan" in connection.introspection.table_names():
        guards.install(connection)
