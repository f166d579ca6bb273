from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand

from kling_saas.running.preparing import prepare_database, prepare_static_files


class Command(BaseCommand):
    help = "Bring database, static files and provider accounts to what this code needs."
    requires_system_checks = (Tags.security,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--static-only", action="store_true", help="Touch no database.")

    def handle(self, **options: Any) -> None:
        prepare_static_files(self.stdout.write)
        if not options["static_only"]:
            prepare_database(self.stdout.write)
