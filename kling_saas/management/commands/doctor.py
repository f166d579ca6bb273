from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error

from kling_saas.doctor import keys, machine, payment, wall
from kling_saas.doctor.findings import Findings, Level, wrong

CHECKS: dict[str, Callable[[], Findings]] = {
    "keys": keys.secret_key,
    "database": machine.database,
    "wall": wall.row_level_security,
    "static files": machine.static_files,
    "provider": keys.provider_accounts,
    "callbacks": keys.callbacks,
    "payment": payment.payment,
    "clocks": machine.clocks,
    "storage": machine.storage,
    "queue": machine.queue,
    "ledger": machine.credit_ledger,
}


class Command(BaseCommand):
    help = "Check the installation and name what is wrong; exit 1 if anything is."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        counts = dict.fromkeys(Level, 0)
        for name, check in CHECKS.items():
            for finding in _ask(check):
                counts[finding.level] += 1
                self.stdout.write(f"{finding.level:<8} {name:<13} {finding.text}")
        self.stdout.write(f"\n{counts[Level.WRONG]} wrong, {counts[Level.WARNING]} warnings.")
        if counts[Level.WRONG]:
            sys.exit(1)


def _ask(check: Callable[[], Findings]) -> Findings:
    """What the check finds; that there is no database to ask is a finding, too."""
    try:
        yield from check()
    except Error as exc:
        yield wrong(f"the database cannot be asked ({type(exc).__name__})")
