"""People who are signed in, each with a workspace of their own and one job that runs in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import F
from django.utils import timezone

from accounts.models import Membership, Plan, Role, User, Workspace
from bench import jobs
from generations.models import Generation

if TYPE_CHECKING:
    from generations.models import ProviderAccount


def gather(count: int) -> tuple[list[Workspace], list[str]]:
    """So many people: their workspaces, and the cookie with which each is signed in."""
    plan = Plan.objects.get(slug="unlimited")
    people = [User(email=f"live-{number}@example.com") for number in range(count)]
    people = User.objects.bulk_create(people, batch_size=500)
    owned = Workspace.objects.bulk_create(
        [Workspace(name=f"Live {number}", plan=plan) for number in range(count)], batch_size=500
    )
    Membership.objects.bulk_create(
        [
            Membership(user=person, workspace=workspace, role=Role.OWNER)
            for person, workspace in zip(people, owned, strict=True)
        ],
        batch_size=500,
    )
    return owned, [_signed_in(person) for person in people]


def _signed_in(person: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def jobs_of(
    owners: Sequence[Workspace],
    at: ProviderAccount,
    begins: Sequence[float],
    states: Sequence[str],
) -> list[Generation]:
    """One job each, that begins so many seconds from now."""
    now = timezone.now()
    tomorrow = now + timedelta(days=1)  # nobody looks at them
    begun = [now + timedelta(seconds=begin) for begin in begins]
    count = len(owners)
    rows = jobs.running(
        at,
        [""] * count,
        [tomorrow.timestamp()] * count,
        begun=begun,
        due=[tomorrow] * count,
        owners=owners,
    )
    for row, began, state in zip(rows, begun, states, strict=True):
        row.state, row.created_at = state, began
        row.input = {"input": {"prompt": "Waves on a beach at dusk, a dog runs along the water"}}
    Generation.objects.bulk_update(rows, ["state", "created_at", "input"], batch_size=500)
    return rows


def make_younger(seconds: float) -> None:
    """All jobs, by as much."""
    Generation.objects.update(created_at=F("created_at") + timedelta(seconds=seconds))
