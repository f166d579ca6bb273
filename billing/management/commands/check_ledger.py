from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from billing import ledger


class Command(BaseCommand):
    help = "Prove every rule of the credit ledger from its rows; exit 1 if one is broken."

    def handle(self, *_: Any, **__: Any) -> None:
        report = ledger.check()
        self.stdout.write(json.dumps(dataclasses.asdict(report)))
        if report.violations:
            sys.exit(1)
