"""Which account a request goes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

import kling.errors
from generations.errors import InvalidRequest, ProviderUnavailable
from generations.models import ProviderAccount
from kling import operations
from kling.errors import FieldError
from kling.media import Media
from kling.requests import Request, parse


@dataclass(frozen=True)
class Route:
    account: ProviderAccount
    request: Request


def route(
    operation: str,
    values: Mapping[str, Any],
    *,
    provider: str = "",
    media: Mapping[str, Media] | None = None,
    only: Collection[int] | None = None,
    prefer: Collection[int] = (),
) -> Route:
    """The first account, by priority, that serves the operation and accepts the input.

    `media`: what is known of its files. `only`: the accounts that can be asked at all, `prefer`:
    those that come before the others, both by primary key.

    Raises InvalidRequest with the preferred account's findings when none accepts it, and
    ProviderUnavailable when there is none to ask.
    """
    known = _operation(operation)
    accounts = [one for one in _accounts(provider) if only is None or one.pk in only]
    accounts.sort(key=lambda one: one.pk not in prefer)
    if not accounts:
        raise ProviderUnavailable("No provider is available right now. Nothing was charged.")
    findings: list[kling.errors.InvalidInput] = []
    for account in accounts:
        try:
            return Route(account, parse(known, values, dialect=account.dialect, media=media))
        except kling.errors.InvalidInput as exc:
            findings.append(exc)
    raise InvalidRequest([_prefixed(error) for error in findings[0].errors])


def _operation(name: str) -> str:
    try:
        return operations.get(name).name
    except kling.errors.InvalidInput as exc:
        raise InvalidRequest([_prefixed(error) for error in exc.errors]) from None


def _accounts(provider: str) -> list[ProviderAccount]:
    enabled = ProviderAccount.objects.filter(enabled=True)
    if not provider:
        return list(enabled.filter(paused_at=None).order_by("priority", "pk"))
    named = list(enabled.filter(Q(slug=provider) | Q(dialect=provider)).order_by("priority", "pk"))
    if not named:
        message = f"There is no provider “{provider}” here."
        raise InvalidRequest([FieldError("provider", "unknown_provider", message)])
    return [account for account in named if account.paused_at is None]


def _prefixed(error: FieldError) -> FieldError:
    if error.field in {"operation", "provider"}:
        return error
    field = f"input.{error.field}" if error.field else "input"
    return FieldError(field, error.code, error.message)
