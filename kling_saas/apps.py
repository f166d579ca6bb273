from __future__ import annotations

from django.apps import AppConfig


class KlingSaasConfig(AppConfig):
    name = "kling_saas"
    default_auto_field = "django.db.models.BigAutoField"
