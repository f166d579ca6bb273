"""`flush` empties every table, which the ledger's triggers refuse, rightly, to anybody else."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections

from billing import guards


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        with guards.suspended(connections[options["database"]]):
            super().handle(**options)
