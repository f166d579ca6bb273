"""Ids of earlier results in an input: whose they are, and where they can still be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import Workspace
from generations import offering, routing
from generations.inputs import earlier, paths
from generations.inputs.earlier import Earlier
from generations.inputs.looking import Unusable
from kling import dialects
from kling.media import Media, SourceId, Spot, is_held
from kling.operations.base import Operation

# Anything else the declaration of the field refuses; NUL would even break the database's query.
AN_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}", re.ASCII)
PERIODS = {"session": "24 hours"}


@dataclass(frozen=True)
class Place:
    """Where a result goes in the input: as an id at one account, or as a file (`digest`)."""

    path: str
    value: str
    media: Media | None
    account_id: int | None = None
    digest: str = ""


def place_of(
    operation: Operation, spot: Spot, values: Mapping[str, Any], workspace: Workspace
) -> Place | None:
    """None for an id that the provider offers to everybody, and for what is no id.

    Raises Unusable; InvalidRequest, ProviderUnavailable like `routing.serving`.
    """
    source = spot.source
    assert source is not None
    if source.kind in earlier.WITHOUT_OWNER or not AN_ID.fullmatch(spot.value):
        return None
    found = earlier.find(workspace, source, spot.value)
    if found is None:
        if not is_for_everybody(source, spot.value):
            raise Unusable("not_found", f"There is no such {source.kind} here.")
        return None
    served = offering.serves(found.account, operation)
    if found.is_at_hand and found.account.is_usable and served:
        return Place(spot.path, spot.value, found.media, found.generation.account_id)
    if (file := _as_file(spot, found, values)) is not None:
        return file
    if found.is_over:
        raise Unusable("expired", _expired(source))
    if not found.provider_id:
        raise Unusable("not_found", "The provider has no id for this result.")
    if not served:
        routing.serving(operation)  # where nobody offers it, that is what to say
        raise Unusable("other_account", _not_served(operation, found))
    # Its account is switched off or paused: routing says so, and that it may pass.
    return Place(spot.path, spot.value, found.media, found.generation.account_id)


def is_for_everybody(source: SourceId, text: str) -> bool:
    """Whether an id that the workspace has no result of may be the provider's own offer."""
    return source.presets and not is_held(text) and not earlier.is_anothers(source, text)


def _as_file(spot: Spot, found: Earlier, values: Mapping[str, Any]) -> Place | None:
    """The same result as a file of ours, which every account can be given."""
    assert spot.source is not None
    if not (spot.source.file_field and found.asset and is_held(spot.value)):
        return None
    path = spot.beside(spot.source.file_field)
    if paths.has(values, path):
        return None
    return Place(path, spot.value, found.media, digest=found.asset.sha256)


def _not_served(operation: Operation, found: Earlier) -> str:
    dialect = dialects.get(found.account.dialect).title
    return f"It was made through {dialect}, which does not offer {operation.name}."


def _expired(source: SourceId) -> str:
    period = PERIODS.get(source.kind, "30 days")
    instead = f" Give the file instead, in {source.file_field}." if source.file_field else ""
    return f"The provider keeps it for {period}, which are over.{instead}"
