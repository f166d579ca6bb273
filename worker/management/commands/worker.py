from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand

from worker.supervisor import Supervisor, Timing


class Command(BaseCommand):
    help = "Run a queue worker: one django-q2 cluster, watched, and restarted when it stands still."
    # The others would load every view: memory that this process, which lives long, has no use for.
    requires_system_checks = (Tags.security,)

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, default, text in (
            ("--drain", Timing.drain, "How long tasks may take to finish after SIGTERM"),
            ("--every", Timing.every, "From one heartbeat to the next"),
            ("--patience", Timing.patience, "How long a cluster may be silent"),
        ):
            parser.add_argument(
                name, type=float, default=default, metavar="SECONDS", help=f"{text} (%(default)s)."
            )

    def handle(self, **options: Any) -> None:
        timing = Timing(
            drain=options["drain"], every=options["every"], patience=options["patience"]
        )
        Supervisor(run_dir=settings.VAR_DIR / "run", timing=timing).run()
