"""`Authorization: Bearer ks_…` for Django REST framework."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import keys
from accounts.access import Actor

SCHEME = b"bearer"
MALFORMED = "Send your key as “Authorization: Bearer <api key>”."
REFUSAL = "This API key is not valid. It may be mistyped, expired or revoked."


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to an `Actor`; `request.user` stays None: a key is no person."""

    def authenticate(self, request: Request) -> tuple[None, Actor] | None:
        words = get_authorization_header(request).split()
        if not words:
            return None
        if words[0].lower() != SCHEME or len(words) != 2:
            raise AuthenticationFailed(MALFORMED, code="not_authenticated")
        # One answer for unknown, wrong, expired and revoked: it must not tell which prefixes exist.
        key = keys.find_key(words[1].decode("latin-1"))
        if key is None:
            raise AuthenticationFailed(REFUSAL, code="not_authenticated")
        keys.note_use(key)
        return None, Actor(workspace=key.workspace, api_key=key)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def actor_of(request: Request) -> Actor:
    """Who sent an API request that has passed `ScopePermission`."""
    assert isinstance(request.auth, Actor)
    return request.auth
