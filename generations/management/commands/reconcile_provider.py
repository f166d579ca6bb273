from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from generations.reconciliation import reconcile


class Command(BaseCommand):
    help = "Walk the provider's tasks and our jobs of the last 30 days against each other."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(reconcile().as_dict(), indent=2))
