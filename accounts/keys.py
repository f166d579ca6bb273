"""API keys and key pairs: made, found by what a program sends, and revoked."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.access import Actor
from accounts.fixed_query import FixedQuery
from accounts.ids import random_text
from accounts.models import ApiKey, Role, Scope
from accounts.sealing import seal

PREFIX_LENGTH = 10
SECRET_LENGTH = 40
LABEL_LENGTH = 60
SHAPE = re.compile(
    rf"ks_(?P<prefix>[A-Za-z0-9]{{{PREFIX_LENGTH}}})_(?P<secret>[A-Za-z0-9]{{{SECRET_LENGTH}}})"
)
_BY_PREFIX = FixedQuery(
    lambda: ApiKey.objects.select_related("workspace__plan").filter(prefix=""),
    joined=("workspace", "workspace__plan"),
)
# A busy key would otherwise write its row at every request.
LAST_USE_PRECISION = timedelta(minutes=1)


@transaction.atomic
def create_key(
    *,
    by: Actor,
    label: str,
    scopes: Iterable[Scope] = (Scope.READ, Scope.WRITE),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its plain text, which is stored nowhere and cannot be shown again.

    Needs the role admin. Raises `ValidationError` by field: `label`, `scopes`, `expires_at`.
    """
    secret = random_text(SECRET_LENGTH)
    digest = _digest(secret)
    key = _create(by=by, label=label, scopes=scopes, expires_at=expires_at, digest=digest)
    return key, f"ks_{key.prefix}_{secret}"


@transaction.atomic
def create_pair(
    *,
    by: Actor,
    label: str,
    scopes: Iterable[Scope] = (Scope.READ, Scope.WRITE),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key pair and its secret, which is not shown again; otherwise as `create_key`."""
    secret = random_text(SECRET_LENGTH)
    sealed = seal(secret)
    key = _create(by=by, label=label, scopes=scopes, expires_at=expires_at, sealed_secret=sealed)
    return key, secret


@transaction.atomic
def revoke_key(*, by: Actor, prefix: str) -> ApiKey:
    """Refuse the key from now on; again is no error. Needs the role admin.

    Raises `ApiKey.DoesNotExist`, also for a key of another workspace.
    """
    by.require_role(Role.ADMIN)
    key = by.workspace.api_keys.get(prefix=prefix)
    now = timezone.now()
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        key.revoked_at = now
        audit.record(by=by, action="key.revoked", key=key.prefix, label=key.label)
    return key


def find_key(text: str) -> ApiKey | None:
    """The usable key that `text` is, with workspace and plan; None for every other text."""
    match = SHAPE.fullmatch(text)
    if match is None:
        return None
    key = of_prefix(match["prefix"])
    # Compared even where there is no such key: the time taken must not tell which prefixes exist.
    known = key.digest if key is not None else ""
    same = hmac.compare_digest(known, _digest(match["secret"]))
    return key if key is not None and same and key.is_usable else None


def of_prefix(prefix: str) -> ApiKey | None:
    """The key, whether usable or not, with workspace and plan."""
    return _BY_PREFIX.first(prefix)


def note_use(key: ApiKey) -> None:
    """Write `last_used_at`, at most once a minute."""
    now = timezone.now()
    stale = now - LAST_USE_PRECISION
    if key.last_used_at is not None and key.last_used_at > stale:
        return
    # Conditional, so that of many requests at once only one writes.
    unwritten = Q(last_used_at=None) | Q(last_used_at__lte=stale)
    ApiKey.objects.filter(unwritten, pk=key.pk).update(last_used_at=now)


def _create(
    *,
    by: Actor,
    label: str,
    scopes: Iterable[Scope],
    expires_at: datetime | None,
    **kept: str,
) -> ApiKey:
    by.require_role(Role.ADMIN)
    chosen = {Scope(scope) for scope in scopes}
    _check(label=label.strip(), scopes=chosen, expires_at=expires_at)
    key = ApiKey.objects.create(
        workspace=by.workspace,
        label=label.strip(),
        prefix=random_text(PREFIX_LENGTH),
        scopes=[scope.value for scope in Scope if scope in chosen],
        created_by=by.user,
        expires_at=expires_at,
        **kept,
    )
    audit.record(by=by, action="key.created", key=key.prefix, label=key.label, scopes=key.scopes)
    return key


def _check(*, label: str, scopes: set[Scope], expires_at: datetime | None) -> None:
    errors = {}
    if not label or len(label) > LABEL_LENGTH:
        errors["label"] = f"Give the key a label of 1 to {LABEL_LENGTH} characters."
    if not scopes:
        errors["scopes"] = "Choose at least one permission."
    if expires_at is not None and expires_at <= timezone.now():
        errors["expires_at"] = "Choose a time in the future."
    if errors:
        raise ValidationError(errors)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
