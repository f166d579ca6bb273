from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kling import catalogue


class GenerationsConfig(AppConfig):
    name = "generations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        if settings.KLING_CATALOGUE:
            # A catalogue that contradicts itself must be found at start, not by a customer.
            try:
                catalogue.use(Path(settings.KLING_CATALOGUE))
            except (catalogue.CatalogueError, OSError) as exc:
                raise ImproperlyConfigured(f"KLING_CATALOGUE: {exc}") from exc
