from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from generations import pruning


class Command(BaseCommand):
    help = (
        "Remove files that are past their days or that no row knows, and print what went as JSON. "
        "Safe while workers run; exit 1 if storage did not let it finish."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Remove nothing; only count.")

    def handle(self, *_: Any, dry_run: bool, **__: Any) -> None:
        report = pruning.prune(dry_run=dry_run)
        self.stdout.write(json.dumps(dataclasses.asdict(report), indent=2))
        if report.problems:
            sys.exit(1)
