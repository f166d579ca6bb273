"""The demo workspace of a first start: a person, credits and a key to try everything with."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from accounts.models import User, Workspace

EMAIL = "demo@example.com"
CREDITS = "200"


@dataclass(frozen=True)
class Demo:
    email: str
    password: str
    api_key: str
    workspace: str


def path() -> Path:
    return Path(settings.VAR_DIR) / "demo.json"


def read() -> Demo | None:
    """The demo of this folder, if there is one."""
    try:
        return Demo(**json.loads(path().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def create_once() -> Demo | None:
    """Create it in an installation without any workspace; None in one that has its own."""
    known = read()
    if known and Workspace.objects.filter(public_id=known.workspace).exists():
        return known
    path().unlink(missing_ok=True)  # of a database that is gone
    if Workspace.objects.exists():
        return None
    demo = _create()
    _write(demo)
    return demo


def _create() -> Demo:
    password, printed = secrets.token_urlsafe(12), StringIO()
    call_command(
        "create_workspace",
        name="Demo studio",
        owner=EMAIL,
        password=password,
        credits=CREDITS,
        api_key="Demo",
        stdout=printed,
    )
    made = json.loads(printed.getvalue())
    if settings.DEVELOPMENT:
        # So that whoever tries the product sees the operator's side too; never in production.
        User.objects.filter(email=EMAIL).update(is_staff=True, is_superuser=True)
    return Demo(EMAIL, password, api_key=made["api_key"], workspace=made["workspace"])


def _write(demo: Demo) -> None:
    descriptor = os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(demo), file)
