from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from accounts import resealing


class Command(BaseCommand):
    help = (
        "Seal every stored secret anew with the current SECRET_KEY; print what was done as JSON. "
        "Exit 1 while there is a secret that no key of SECRET_KEY_FALLBACKS opens."
    )

    def handle(self, **options: Any) -> None:
        report = resealing.reseal()
        self.stdout.write(json.dumps(asdict(report)))
        if report.unreadable:
            sys.exit(1)
