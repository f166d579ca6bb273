from __future__ import annotations

import gc
import os
from argparse import ArgumentParser
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.module_loading import autodiscover_modules
from django_q.management.commands import qcluster

from worker import lifeline, roster


class Command(qcluster.Command):  # type: ignore[misc]
    """django-q2's own command; given the options below, as a member of a supervisor.

    The word `qcluster` and the worker's id stand in the command line of every process of the
    cluster, which is how an operator, and `worker.leftovers`, know them.
    """

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--worker-id", help="Set by the command worker.")
        parser.add_argument("--directory", type=Path, help="Set by the command worker.")
        parser.add_argument("--parent", type=int, default=os.getppid(), help="The same.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["worker_id"]:
            lifeline.tie_to(options["parent"])
            roster.enlist(options["directory"], worker_id=options["worker_id"])
        share_memory()
        super().handle(*args, **options)


def share_memory() -> None:
    """Load what tasks need before the workers are forked, into memory that they share.

    A worker that loaded it by itself would have a copy of its own; and an import that fails is
    seen here, at the start, where in a worker it ends the process. Frozen, since the collector
    writes into every object it looks at, and a page that is written is shared no longer.
    """
    autodiscover_modules("tasks")
    for name in settings.WORKER_PRELOAD:
        with suppress(ImportError):  # of an extra that is not installed
            import_module(name)
    gc.collect()
    gc.freeze()
