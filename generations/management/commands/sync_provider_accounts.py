from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generations.providers import sync_from_environment


class Command(BaseCommand):
    help = "Make provider accounts of the credentials in the environment; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            accounts = sync_from_environment()
        except ValueError as exc:
            raise CommandError(str(exc)) from exc
        for account in accounts:
            self.stdout.write(f"{account} ({account.get_dialect_display()}) at {account.base_url}")
        if not accounts:
            self.stdout.write("No provider credential is set: nothing can be generated.")
