"""`Authorization: Bearer ks_…` for Django REST framework."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import keys, throttling, wall
from accounts.access import Actor
from accounts.models import ApiKey

SCHEME = b"bearer"
MALFORMED = "Send your key as “Authorization: Bearer <api key>”."
REFUSAL = "This API key is not valid. It may be mistyped, expired or revoked."


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to an `Actor`; `request.user` stays None: a key is no person."""

    def authenticate(self, request: Request) -> tuple[None, Actor] | None:
        return authenticate(request, _find)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def authenticate(
    request: Request, find: Callable[[list[bytes]], ApiKey]
) -> tuple[None, Actor] | None:
    """Who sends a request: `find` gives the key for the words of its Authorization header.

    None without a header. `find` raises `AuthenticationFailed`; `Throttled` is raised for those
    who ask too often.
    """
    words = get_authorization_header(request).split()
    if not words:
        throttling.admit_stranger(request)
        return None
    try:
        key = find(words)
    except AuthenticationFailed:
        throttling.admit_stranger(request)
        raise
    throttling.admit_key(request, key)
    wall.enter(key.workspace_id)
    keys.note_use(key)
    return None, Actor(workspace=key.workspace, api_key=key)


def bearer(words: list[bytes]) -> str | None:
    """What stands behind `Bearer`; None for a header of another shape."""
    is_bearer = len(words) == 2 and words[0].lower() == SCHEME
    return words[1].decode("latin-1") if is_bearer else None


def _find(words: list[bytes]) -> ApiKey:
    text = bearer(words)
    if text is None:
        raise AuthenticationFailed(MALFORMED, code="not_authenticated")
    # One answer for unknown, wrong, expired and revoked: it must not tell which prefixes exist.
    key = keys.find_key(text)
    if key is None:
        raise AuthenticationFailed(REFUSAL, code="not_authenticated")
    return key


def actor_of(request: Request) -> Actor:
    """Who sent an API request that has passed `ScopePermission`."""
    assert isinstance(request.auth, Actor)
    return request.auth
