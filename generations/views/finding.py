"""One generation of the actor's workspace by its public id. Absent and foreign look the same."""

from __future__ import annotations

import re

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from accounts.access import Actor
from generations import queries
from generations.models import Generation

# PostgreSQL refuses to compare with a NUL; what cannot be an id is not looked for.
PUBLIC_ID = re.compile(r"gen_[A-Za-z0-9]{1,36}")


def named(rows: QuerySet[Generation], public_id: str) -> QuerySet[Generation]:
    return rows.filter(public_id=public_id) if PUBLIC_ID.fullmatch(public_id) else rows.none()


def find(actor: Actor, public_id: str) -> Generation:
    """With its assets and its history. Raises Http404."""
    rows = queries.for_workspace(actor.workspace).prefetch_related("assets", "transitions")
    return get_object_or_404(named(rows, public_id))
