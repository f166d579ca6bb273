from __future__ import annotations

from django.core.management import call_command


def prune() -> None:
    """Every day: remove what nobody else does, the sessions that have run out."""
    call_command("clearsessions")
