from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class KlingSaasConfig(AppConfig):
    name = "kling_saas"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kling_saas import schedules

        # Of django-q2, which has the table; an app without models sends no such signal.
        owner = apps.get_app_config("django_q")
        post_migrate.connect(schedules.sync, sender=owner, dispatch_uid="kling_saas.schedules")
