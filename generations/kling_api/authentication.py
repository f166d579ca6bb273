"""Who sends a request below `/kling/v1`: an API key as it is, or a token of a key pair."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import keys, tokens
from accounts.access import Actor
from accounts.authentication import authenticate, bearer
from accounts.models import ApiKey

# What Kling answers; programs look for these words. One for unknown, wrong, expired and revoked.
UNKNOWN = "api key not found"
MALFORMED = "Send “Authorization: Bearer <api key or token>”."


class KlingAuthentication(BaseAuthentication):
    """Sets `request.auth` to an `Actor`. The codes of its refusals are those of `errors.CODES`."""

    def authenticate(self, request: Request) -> tuple[None, Actor] | None:
        return authenticate(request, _find)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _find(words: list[bytes]) -> ApiKey:
    text = bearer(words)
    if text is None:
        raise AuthenticationFailed(MALFORMED, code="malformed_header")
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
    except tokens.Endless as exc:
        raise AuthenticationFailed(str(exc), code="unknown_key") from exc
    except tokens.InvalidToken as exc:
        raise AuthenticationFailed(UNKNOWN, code="unknown_key") from exc
