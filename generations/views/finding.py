"""One generation of the actor's workspace by its public id. Absent and foreign look the same."""

from __future__ import annotations

import re

from django.db.models import QuerySet, prefetch_related_objects
from django.shortcuts import get_object_or_404

from accounts.access import Actor
from generations import queries
from generations.models import Generation, State

# PostgreSQL refuses to compare with a NUL; what cannot be an id is not looked for.
PUBLIC_ID = re.compile(r"gen_[A-Za-z0-9]{1,36}")


def named(rows: QuerySet[Generation], public_id: str) -> QuerySet[Generation]:
    return rows.filter(public_id=public_id) if PUBLIC_ID.fullmatch(public_id) else rows.none()


def find(actor: Actor, public_id: str) -> Generation:
    """With its assets and its history. Raises Http404."""
    found = find_alone(actor, public_id)
    # Only what has succeeded has assets to show.
    related = ("assets",) if found.state == State.SUCCEEDED else ()
    prefetch_related_objects([found], "transitions", *related)
    return found


def find_alone(actor: Actor, public_id: str) -> Generation:
    """For a tile, which needs the assets of a finished one at most. Raises Http404."""
    return get_object_or_404(named(queries.for_workspace(actor.workspace), public_id))
