"""Tokens that programs sign with a key pair: Kling's HS256 JWT (protocol, section 1.1).

``iss`` is the access key, ``exp`` the end, ``nbf`` the beginning where there is one.
"""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any

import jwt
from django.utils import timezone

from accounts.ids import random_text
from accounts.keys import PREFIX_LENGTH, SECRET_LENGTH, of_prefix
from accounts.models import ApiKey
from accounts.sealing import Unreadable, unseal

log = logging.getLogger(__name__)

# Never what the token's own header says: "none" and a public key's name are ways to forge one.
ALGORITHM = "HS256"
LEEWAY = timedelta(seconds=10)
# A token cannot be taken back, except with its pair; Kling's own example lives 30 minutes.
LONGEST_LIFE = timedelta(hours=24)
TOO_LONG = "A token needs an end: give it an “exp” at most 24 hours ahead."
MAX_LENGTH = 2048  # characters
SHAPE = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
ACCESS_KEY = re.compile(rf"ak_(?P<prefix>[A-Za-z0-9]{{{PREFIX_LENGTH}}})", re.ASCII)
# What bad JSON inside of a token may raise, besides the library's own errors.
BROKEN = (jwt.PyJWTError, ValueError, OverflowError, RecursionError)


class InvalidToken(Exception):
    """No token of a usable key pair; the one answer to every kind of forgery."""


class NotYetValid(InvalidToken):
    """Rightly signed, and its time has not come."""


class Expired(InvalidToken):
    """Rightly signed, and its time is over."""


class Endless(InvalidToken):
    """Rightly signed, and valid for longer than a token may be."""


def looks_like_one(text: str) -> bool:
    return len(text) <= MAX_LENGTH and SHAPE.fullmatch(text) is not None


def find_key(token: str) -> ApiKey:
    """The usable key pair that signed the token, with workspace and plan. Raises InvalidToken."""
    key = _named(token)
    # Checked even where there is no such pair, against a secret that nobody has.
    claims = _verified(token, _secret_of(key) or random_text(SECRET_LENGTH))
    if key is None or not key.is_usable:
        raise InvalidToken("The access key is unknown, expired or revoked.")
    end = timezone.now() + LONGEST_LIFE + LEEWAY
    if int(claims["exp"]) > end.timestamp():
        raise Endless(TOO_LONG)
    return key


def _named(token: str) -> ApiKey | None:
    """The pair that the token says it is from; nothing about that is proven yet."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except BROKEN as exc:
        raise InvalidToken("The token cannot be read.") from exc
    issuer = claims.get("iss")
    match = ACCESS_KEY.fullmatch(issuer) if isinstance(issuer, str) else None
    return of_prefix(match["prefix"]) if match else None


def _secret_of(key: ApiKey | None) -> str | None:
    if key is None or not key.is_pair:
        return None
    try:
        return unseal(key.sealed_secret)
    except Unreadable:
        log.error("the secret of key pair %s cannot be read: was SECRET_KEY changed?", key.prefix)
        return None


def _verified(token: str, secret: str) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            leeway=LEEWAY,
            # Only what Kling reads: a program may put more into its tokens.
            options={
                "require": ["exp"],
                "verify_aud": False,
                "verify_iat": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except jwt.ImmatureSignatureError as exc:
        raise NotYetValid("The token is not valid yet.") from exc
    except jwt.ExpiredSignatureError as exc:
        raise Expired("The token has expired.") from exc
    except jwt.MissingRequiredClaimError as exc:
        raise Endless(TOO_LONG) from exc
    except BROKEN as exc:
        raise InvalidToken("The token is not signed by a key pair of ours.") from exc
