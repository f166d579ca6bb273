"""Provider accounts: from the environment into rows, from rows to clients."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from functools import lru_cache
from itertools import chain, count
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from generations import notices, timing
from generations.models import Dialect, ProviderAccount
from generations.queries import in_line
from kling import dialects, errors
from kling.client import Account, KlingClient, Task
from kling.errors import AuthenticationFailed, KlingError
from webhooks.secrets import Unreadable, seal, unseal

log = logging.getLogger(__name__)
SIMULATOR_KEY = "simulated"
# 401 and 1000-1004, 1100-1103 and what relays say instead: no other job would fare better there.
ACCOUNT_TROUBLE = (errors.AccountExhausted, errors.AuthenticationFailed)
# What says that the provider itself is not well. A refused job or a full queue does not.
UNWELL = (*ACCOUNT_TROUBLE, errors.MaybeAccepted, errors.Unreachable, errors.Maintenance)
# How a paused account is tried again: seconds of provider time.
FIRST_TRY, LONGEST_WAIT = 300.0, 21_600.0
WELL: dict[str, Any] = {"paused_reason": "", "trouble_since": None, "try_at": None, "tries": 0}
GONE = "Its credential is no longer in the environment."


def client_for(account: ProviderAccount) -> KlingClient:
    """A client with pooled connections; the same one for the same credential.

    Raises AuthenticationFailed for an account that cannot work, before anything is sent.
    """
    try:
        return _client(_credential(account))
    except (ValueError, TypeError, Unreadable) as exc:
        raise AuthenticationFailed(f"The account cannot be used: {exc}") from exc


@lru_cache(maxsize=64)
def _client(credential: Account) -> KlingClient:
    # Account's hash leaves model_names out, its equality does not: a changed spelling is seen.
    return KlingClient(credential)


def _credential(account: ProviderAccount) -> Account:
    secret = json.loads(unseal(account.secret)) if account.secret else {}
    return Account(
        dialect=account.dialect,
        base_url=account.base_url,
        endpoint_path=account.endpoint_path,
        model_names=account.model_names,
        **secret,
    )


def set_secret(account: ProviderAccount, **secret: str) -> None:
    """Encrypt `key`, or `access_key` and `secret_key`, into the account (unsaved)."""
    account.secret = seal(json.dumps({name: text for name, text in secret.items() if text}))


def callback_url(account: ProviderAccount, token: str) -> str | None:
    """Our hook for a job, where the account's provider can be thought to reach it."""
    ours = urlsplit(settings.SITE_URL).hostname
    theirs = urlsplit(account.base_url).hostname
    loopback = {"127.0.0.1", "localhost", "::1"}
    if ours in loopback and theirs not in loopback:
        return None
    return f"{settings.SITE_URL}/hooks/kling/{token}"


def pause(account: ProviderAccount, reason: str) -> None:
    """Send no more jobs to an account that the provider refuses, and tell the operator once.

    Until the operator acts, or the provider says that it is well again (generations/breaker).
    """
    now = timezone.now()
    with transaction.atomic():
        rows = ProviderAccount.objects.filter(pk=account.pk, paused_at=None).update(
            paused_at=now,
            paused_reason=reason[:300],
            try_at=next_try(account),
            trouble_since=Coalesce("trouble_since", Value(now)),
        )
        if rows:
            log.error("provider account %s paused: %s", account.slug, reason)
            _tell_operator(account, reason)


def next_try(account: ProviderAccount) -> datetime | None:
    """When to ask about a paused account; None where its provider cannot be asked."""
    if not dialects.get(account.dialect).reports_costs:
        return None
    wait = min(LONGEST_WAIT, FIRST_TRY * 2 ** min(account.tries, 16))
    return timing.after(wait)


def _tell_operator(account: ProviderAccount, reason: str) -> None:
    """Once for each trouble, however often the account is tried in vain."""
    since = ProviderAccount.objects.values_list("trouble_since", flat=True).get(pk=account.pk)
    link = reverse("admin:generations_provideraccount_change", args=[account.pk])
    notices.raise_once(
        f"refused:{account.pk}:{since}",
        subject=f"{account.slug} takes no more jobs",
        text=f"The provider answered: {reason}\n\nNothing more is sent there. Jobs that no other "
        "account takes wait with their credits held, and nothing is lost. Mend it at the provider, "
        f"then resume the account:\n{settings.SITE_URL}{link}",
    )


def resume(account: ProviderAccount) -> None:
    """By the operator: whatever was wrong is mended."""
    ProviderAccount.objects.filter(pk=account.pk).update(
        paused_at=None, asking_failures=0, ask_after=None, **WELL
    )
    wake_queue(account)


def wake_queue(account: ProviderAccount) -> None:
    """Have the waiting jobs of an account looked at now: it can be used again, or no longer."""
    now = timezone.now()
    in_line().filter(account=account, due_at__gt=now).update(due_at=now)


def note_health(account: ProviderAccount, outcome: Task | KlingError) -> None:
    """Count what an account's provider leaves unanswered; an accepted job clears it."""
    row = ProviderAccount.objects.filter(pk=account.pk)
    if isinstance(outcome, UNWELL):
        row.update(failures=F("failures") + 1, failed_at=timezone.now())
    elif isinstance(outcome, Task):
        if account.failures:
            row.update(failures=0, failed_at=None)
        if account.trouble_since:
            # Not while paused: of jobs sent together one may be taken after another's refusal.
            row.filter(paused_at=None).update(**WELL)


@transaction.atomic
def sync_from_environment() -> list[ProviderAccount]:
    """Make one account of each credential in the environment; switch off those that are gone."""
    accounts = [_sync(dialect) for dialect in Dialect if _given(dialect)]
    if not accounts and settings.SIMULATOR_URL:
        accounts = [_sync_simulator()]
    present = [account.pk for account in accounts]
    gone = ProviderAccount.objects.filter(from_environment=True).exclude(pk__in=present)
    gone.filter(enabled=True).update(enabled=False, paused_reason=GONE)
    return accounts


def _given(dialect: Dialect) -> bool:
    found = settings.PROVIDER_CREDENTIALS[dialect]
    if dialect == Dialect.CLOUDSWAY and found["key"] and not found["endpoint_path"]:
        raise ValueError("CLOUDSWAY_KEY needs CLOUDSWAY_ENDPOINT_PATH, the endpoint you bought.")
    if bool(found.get("access_key")) != bool(found.get("secret_key")):
        raise ValueError("KLING_ACCESS_KEY and KLING_SECRET_KEY are a pair: set both or neither.")
    return bool(found["key"] or found.get("access_key"))


def _sync(dialect: Dialect) -> ProviderAccount:
    found = settings.PROVIDER_CREDENTIALS[dialect]
    secret = {name: found.get(name, "") for name in ("key", "access_key", "secret_key")}
    return _upsert(
        dialect=dialect,
        simulated=False,
        slug=dialect.value,
        base_url=found["base_url"].rstrip("/"),
        endpoint_path=found.get("endpoint_path", ""),
        secret=secret,
    )


def _sync_simulator() -> ProviderAccount:
    return _upsert(
        dialect=Dialect.OFFICIAL,
        simulated=True,
        slug="simulator",
        base_url=settings.SIMULATOR_URL.rstrip("/"),
        endpoint_path="",
        secret={"key": SIMULATOR_KEY},
    )


def _upsert(
    *,
    dialect: Dialect,
    simulated: bool,
    slug: str,
    base_url: str,
    endpoint_path: str,
    secret: dict[str, str],
) -> ProviderAccount:
    own = ProviderAccount.objects.filter(from_environment=True)
    account = own.filter(dialect=dialect, simulated=simulated).first()
    account = account or ProviderAccount(slug=_free_slug(slug), from_environment=True)
    if account.paused_reason == GONE:
        # Otherwise `enabled` is the operator's own: a restart must not switch an account on.
        account.enabled, account.paused_reason = True, ""
    was = (account.base_url, account.endpoint_path, _known_secret(account))
    given = {name: text for name, text in secret.items() if text}
    if was != (base_url, endpoint_path, given):
        # A new key or address is how an operator mends a paused account.
        account.paused_at = None
        for name, value in WELL.items():
            setattr(account, name, value)
    account.dialect, account.simulated = dialect.value, simulated
    account.base_url, account.endpoint_path = base_url, endpoint_path
    set_secret(account, **secret)
    account.save()
    return account


def _free_slug(slug: str) -> str:
    """Somebody may have made an account of that name by hand."""
    taken = set(ProviderAccount.objects.values_list("slug", flat=True))
    names = chain([slug], (f"{slug}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def _known_secret(account: ProviderAccount) -> dict[str, str] | None:
    """None where there is none, or none that we can read: SECRET_KEY may have been changed."""
    try:
        found: dict[str, str] | None = (
            json.loads(unseal(account.secret)) if account.secret else None
        )
    except (Unreadable, ValueError):
        return None
    return found
