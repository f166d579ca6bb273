"""Deleting voices and elements (Kling itself only)."""

from __future__ import annotations

import json
from typing import Final

from kling.media import SourceKind

from . import envelopes, ids
from .errors import Refusal
from .replies import Reply, json_reply
from .store import Store

_PATHS: Final[dict[str, SourceKind]] = {
    "/v1/general/delete-voices": "voice",
    "/v1/general/delete-elements": "element",
}


def kind_of(path: str) -> SourceKind | None:
    return _PATHS.get(path.rstrip("/"))


def answer(kind: SourceKind, raw: bytes, *, store: Store, now: float) -> Reply:
    """Forget one. Raises Refusal 1200 and 1201 for a body that names none."""
    try:
        identifier = json.loads(raw)[f"{kind}_id"]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(1200, f"{kind}_id is required") from error
    made = ids.made(str(identifier), kind, dialect="official", store=store, now=now)
    if made is None:
        raise ids.not_found(kind)
    store.delete(str(identifier))
    return json_reply(envelopes.plain("official", {}))
