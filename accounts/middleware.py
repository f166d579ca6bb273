from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.defaults import permission_denied

from accounts import throttling, time_zones, wall
from accounts.access import Actor, NotPermitted
from accounts.models import Membership, Role, User

# Programs ask here: they bring a key or a signature, and a session must cost them no query.
NOT_PAGES = ("/api/", "/kling/", "/hooks/", "/static/", "/healthz", "/readyz")
# About other workspaces than the current one: pages of a person, of the operator, and of whoever
# has a link.
BETWEEN_WORKSPACES = ("/admin/", "/accounts/", "/invitations/", "/workspaces/", "/files/")
SESSION_KEY = "workspace"


class RateLimitMiddleware:
    """Tells a program, with every answer, how many requests it has left this minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        standing = throttling.standing_of(request)
        for name, item in (standing.headers() if standing else {}).items():
            # A list: the refusal of a quota names its own limit in the same field.
            response[name] = f"{item}, {response[name]}" if name in response else item
        return response


class ActorMiddleware:
    """Sets `request.memberships` and `request.actor`: the person in the current workspace.

    The current workspace is the one chosen in the switcher, or else the first one joined; a
    membership taken away while it was chosen falls back to the first too. `request.actor` is
    None for people who are signed out or have no workspace. Times are shown in the person's zone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.memberships = []  # type: ignore[attr-defined]
        request.actor = None  # type: ignore[attr-defined]
        if request.path.startswith(NOT_PAGES) or not request.user.is_authenticated:
            return self.get_response(request)
        memberships = memberships_of(request.user)
        request.memberships = memberships  # type: ignore[attr-defined]
        request.actor = current_actor(memberships, request.session.get(SESSION_KEY))  # type: ignore[attr-defined]
        if request.actor is not None and not request.path.startswith(BETWEEN_WORKSPACES):  # type: ignore[attr-defined]
            wall.enter(request.actor.workspace.pk)  # type: ignore[attr-defined]
        with timezone.override(time_zones.zone(request.user.time_zone)):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Actions refuse in their own words; a page shows them as 403."""
        if isinstance(exception, NotPermitted):
            return permission_denied(request, PermissionDenied(str(exception)))
        return None


def memberships_of(user: User) -> list[Membership]:
    memberships = Membership.objects.filter(user=user).select_related("workspace__plan", "user")
    return list(memberships.order_by("created_at", "pk"))


def current_actor(memberships: list[Membership], chosen: str | None) -> Actor | None:
    for membership in memberships:
        if membership.workspace.public_id == chosen:
            return actor_of(membership)
    return actor_of(memberships[0]) if memberships else None


def actor_of(membership: Membership) -> Actor:
    return Actor(
        workspace=membership.workspace,
        user=membership.user,
        role=Role(membership.role),
        membership=membership,
    )
