"""Files and rows of an age, and what `manage.py prune` says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import time_machine
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Plan, Workspace

NOTHING: dict[str, Any] = {
    "expired_results": {"count": 0, "bytes": 0},
    "expired_uploads": {"count": 0, "bytes": 0},
    "abandoned_uploads": {"count": 0, "bytes": 0},
    "unknown_files": {"count": 0, "bytes": 0},
    "temporary_files": {"count": 0, "bytes": 0},
    "unfinished_transfers": 0,
    "complete": True,
    "problems": [],
}


def prune(*options: str) -> dict[str, Any]:
    said = StringIO()
    call_command("prune", *options, stdout=said)
    report: dict[str, Any] = json.loads(said.getvalue())
    assert report.pop("dry_run") == ("--dry-run" in options)
    return report


def removed(**changes: Any) -> dict[str, Any]:
    """The report in which only this was removed: files and bytes, or a number."""
    return NOTHING | {
        name: {"count": value[0], "bytes": value[1]} if isinstance(value, tuple) else value
        for name, value in changes.items()
    }


def keep_for(workspace: Workspace, days: int | None) -> None:
    """The operator's plan for it, long enough ago."""
    Plan.objects.filter(pk=workspace.plan_id).update(retention_days=days)
    workspace.plan.refresh_from_db()


@contextmanager
def later(**span: float) -> Iterator[None]:
    with time_machine.travel(timezone.now() + timedelta(**span), tick=False):
        yield


def write(folder: Path, key: str, content: bytes = b"left over", *, days_old: float = 2) -> Path:
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    at = timezone.now().timestamp() - days_old * 86400
    os.utime(path, (at, at))
    return path


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
