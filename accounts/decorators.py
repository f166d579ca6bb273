"""Guards of page views. An API view has `ScopePermission` instead."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url

from accounts.access import Actor
from accounts.models import Membership, Role, User

P = ParamSpec("P")


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    memberships: list[Membership]
    actor: Actor | None


class ActorRequest(PersonRequest):
    """A request of somebody who is signed in and has a workspace."""

    actor: Actor


PersonView = Callable[Concatenate[PersonRequest, P], HttpResponseBase]
ActorView = Callable[Concatenate[ActorRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def sign_in_required(view: PersonView[P]) -> View[P]:
    """Send people who are signed out to the sign-in page, and back afterwards."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return guarded


def workspace_required(view: ActorView[P]) -> View[P]:
    """The same, and people without a workspace to the page where they make one.

    In the view `request.actor` is an `Actor`, never None.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        if getattr(request, "actor", None) is None:
            return redirect("workspace_create")
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    return guarded


def role_required(role: Role) -> Callable[[ActorView[P]], View[P]]:
    """As `workspace_required`, and 403 for members whose role is below `role`."""

    def decorate(view: ActorView[P]) -> View[P]:
        @workspace_required
        @wraps(view)
        def guarded(
            request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            request.actor.require_role(role)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return redirect_to_login(request.get_full_path())
    # htmx would follow a redirect and put the sign-in page into a corner of this one.
    response = HttpResponse()
    page: str = request.htmx.current_url_abs_path or ""  # type: ignore[attr-defined]
    response["HX-Redirect"] = (
        redirect_to_login(page).url if page else resolve_url(settings.LOGIN_URL)
    )
    return response
