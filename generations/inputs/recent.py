"""What was found behind an address a moment ago: a form asks for its price at every change."""

from __future__ import annotations

import hashlib

from django.core.cache import cache

from accounts.models import Workspace
from generations.inputs.known import Known

SECONDS = 300


def get(workspace: Workspace, url: str) -> Known | None:
    found = cache.get(_key(workspace, url))
    return found if isinstance(found, Known) else None


def put(workspace: Workspace, url: str, known: Known) -> None:
    cache.set(_key(workspace, url), known, SECONDS)


def _key(workspace: Workspace, url: str) -> str:
    # By workspace: whether somebody else has asked for an address is nobody's business.
    # JSON can carry half a character, which UTF-8 cannot.
    digest = hashlib.sha256(url.encode(errors="backslashreplace")).hexdigest()
    return f"inputs:{workspace.pk}:{digest}"
