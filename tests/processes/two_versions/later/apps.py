from __future__ import annotations

from django.apps import AppConfig
from django.db import models


class LaterConfig(AppConfig):
    name = "later"

    def ready(self) -> None:
        from billing.models import Hold
        from generations.models import Generation

        # Of an older version's rows the database says `usual`, of its own the model says `express`.
        lane = models.CharField(max_length=20, default="express", db_default="usual")
        Generation.add_to_class("lane", lane)
        Hold.add_to_class("memo", models.CharField(max_length=20, db_default="none"))
