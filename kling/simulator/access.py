"""Who may come in: Bearer keys everywhere, Kling's own JWT on the official dialect."""

from __future__ import annotations

import hmac

import jwt

from .errors import Refusal
from .settings import Settings


def check(header: str | None, *, dialect: str, settings: Settings) -> None:
    """Raises Refusal 1000 to 1004 for what is missing, wrong, too early or too old."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Refusal(1001)
    if settings.key is not None and hmac.compare_digest(token.encode(), settings.key.encode()):
        return
    if dialect == "official" and settings.secret_key is not None and token.count(".") == 2:
        _check_jwt(token, settings=settings)
        return
    if settings.key is not None or (dialect == "official" and settings.secret_key is not None):
        raise Refusal(1002)


def _check_jwt(token: str, *, settings: Settings) -> None:
    assert settings.secret_key is not None
    try:
        claims = jwt.decode(
            token,
            settings.secret_key,
            algorithms=["HS256"],
            options={"require": ["exp", "iss"], "verify_iat": False},
        )
    except jwt.ImmatureSignatureError as error:
        raise Refusal(1003) from error
    except jwt.ExpiredSignatureError as error:
        raise Refusal(1004) from error
    except jwt.PyJWTError as error:
        raise Refusal(1000) from error
    if claims["iss"] != settings.access_key:
        raise Refusal(1002, "access key not found")
