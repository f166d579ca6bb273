"""Who sends a request below `/kling/v1`: an API key as it is, or a token of a key pair."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import keys, tokens
from accounts.access import Actor
from accounts.models import ApiKey

SCHEME = b"bearer"
# What Kling answers; programs look for these words. One for unknown, wrong, expired and revoked.
UNKNOWN = "api key not found"
MALFORMED = "Send “Authorization: Bearer <api key or token>”."


class KlingAuthentication(BaseAuthentication):
    """Sets `request.auth` to an `Actor`. The codes of its refusals are those of `errors.CODES`."""

    def authenticate(self, request: Request) -> tuple[None, Actor] | None:
        words = get_authorization_header(request).split()
        if not words:
            return None
        if words[0].lower() != SCHEME or len(words) != 2:
            raise AuthenticationFailed(MALFORMED, code="malformed_header")
        key = _find(words[1].decode("latin-1"))
        keys.note_use(key)
        return None, Actor(workspace=key.workspace, api_key=key)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _find(text: str) -> ApiKey:
    if not tokens.looks_like_one(text):
        key = keys.find_key(text)
        if key is None:
            raise AuthenticationFailed(UNKNOWN, code="unknown_key")
        return key
    try:
        return tokens.find_key(text)
    except tokens.NotYetValid as exc:
        raise AuthenticationFailed(str(exc), code="not_yet_valid") from exc
    except tokens.Expired as exc:
        raise AuthenticationFailed(str(exc), code="expired") from exc
    except tokens.InvalidToken as exc:
        raise AuthenticationFailed(UNKNOWN, code="unknown_key") from exc
