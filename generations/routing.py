"""Which account a request goes to.

By the operator's priority, then to one that still has a file of the input (`prefer`), then by
cost, free slots and health. Accounts that do not take the request are passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

import kling.errors
from accounts.fixed_query import FixedQuery
from billing import prices
from generations import offering, pools, slots
from generations.errors import InvalidRequest, ProviderUnavailable
from generations.models import ProviderAccount
from kling import operations
from kling.errors import FieldError, InvalidInput
from kling.media import Media
from kling.operations.base import Operation
from kling.requests import Request, parse

NOBODY = "No provider is available right now. Nothing was charged."
# In the order in which they are asked.
ENABLED_ACCOUNTS = FixedQuery(
    lambda: ProviderAccount.objects.filter(enabled=True).order_by("priority", "pk")
)
ENDLESS = Decimal("Infinity")


@dataclass(frozen=True)
class Route:
    account: ProviderAccount
    request: Request


@dataclass(frozen=True)
class Wish:
    """A request that has no account yet. `at_most`: the units that it may take there."""

    operation: Operation
    values: Mapping[str, Any]
    media: Mapping[str, Media] | None = None
    rates: Mapping[str, Decimal] | None = None
    today: date | None = None
    at_most: Decimal = ENDLESS

    def through(self, account: ProviderAccount) -> Request:
        """The request as this account takes it. Raises InvalidInput, kling.errors.NotPriced."""
        request = parse(
            self.operation.name,
            self.values,
            dialect=account.dialect,
            media=self.media,
            rates=self.rates,
            today=self.today,
        )
        if account.has_disabled(self.operation.name, request.model):
            message = f"{request.model} is not available here."
            raise InvalidInput([FieldError("model_name", "not_offered", message)])
        if request.units.amount > self.at_most:
            message = f"It takes {request.units.amount} units there."
            raise InvalidInput([FieldError("operation", "too_dear", message)])
        return request


def route(
    operation: str,
    values: Mapping[str, Any],
    *,
    provider: str = "",
    media: Mapping[str, Media] | None = None,
    only: Collection[int] | None = None,
    prefer: Collection[int] = (),
) -> Route:
    """The account that a request goes to.

    `media`: what is known of its files. `only`: the accounts that can be asked at all, `prefer`:
    those that come before others of their priority, both by primary key.

    Raises InvalidRequest where no account serves the operation or it has no price, or with the
    preferred account's findings where none accepts the input; ProviderUnavailable where there is
    none to ask now.
    """
    known = _operation(operation)
    accounts = [one for one in serving(known, provider) if one.is_usable]
    asked = [one for one in accounts if only is None or one.pk in only]
    if not asked:
        raise ProviderUnavailable(NOBODY)
    try:
        return choose(asked, Wish(known, values, media, _rates(known)), prefer=prefer)
    except InvalidInput as exc:
        raise InvalidRequest([_prefixed(error) for error in exc.errors]) from None
    except kling.errors.NotPriced:
        raise offering.unpriced(known) from None


def choose(
    accounts: Sequence[ProviderAccount], wish: Wish, *, prefer: Collection[int] = ()
) -> Route:
    """The best of `accounts` that takes the request.

    Raises InvalidInput with the findings of the first in rank where none does.
    """

    def rank(account: ProviderAccount) -> tuple[int, bool, Decimal]:
        cost = ENDLESS if account.unit_cost is None else account.unit_cost
        return account.priority, account.pk not in prefer, cost

    findings: list[InvalidInput] = []
    for _, equals in groupby(sorted(accounts, key=rank), key=rank):
        accepted = []
        for account in equals:
            try:
                accepted.append(Route(account, wish.through(account)))
            except InvalidInput as exc:
                findings.append(exc)
        if accepted:
            return _readiest(accepted)
    raise findings[0]


def serving(operation: Operation, provider: str = "") -> list[ProviderAccount]:
    """The enabled accounts that serve an operation, paused or not; `provider`: slug or dialect.

    Raises InvalidRequest where there is none, ProviderUnavailable where nothing is set up at all.
    """
    accounts = ENABLED_ACCOUNTS.rows()
    if provider:
        accounts = [one for one in accounts if provider in {one.slug, one.dialect}]
    if not accounts and provider:
        message = f"There is no provider “{provider}” here."
        raise InvalidRequest([FieldError("provider", "unknown_provider", message)])
    if not accounts:
        raise ProviderUnavailable(NOBODY)
    found = [account for account in accounts if offering.serves(account, operation)]
    if not found:
        where = f"through {provider}" if provider else "here"
        message = f"{operation.name} is not available {where}."
        raise InvalidRequest([FieldError("operation", "not_offered", message)])
    return found


def _readiest(accepted: list[Route]) -> Route:
    """Of accounts of one rank: one with room for the job, then one in good health."""
    if len(accepted) == 1:
        return accepted[0]
    places = {(route.account.pk, route.request.model) for route in accepted}
    taken, limits = slots.spoken_for(places), pools.limits(account for account, _ in places)

    def key(route: Route) -> tuple[bool, bool, Decimal, int, int]:
        account, request = route.account, route.request
        place = (account.pk, request.model)
        has, known = taken[place], limits.of(place)
        limit = ENDLESS if known is None else Decimal(known)
        is_full = has > 0 and has + request.slots > limit
        return is_full, account.is_unwell, has - limit, has, account.pk

    return min(accepted, key=key)


def _rates(operation: Operation) -> Mapping[str, Decimal] | None:
    """The price book is asked only where it is needed: this runs in every create."""
    return prices.rates() if offering.is_priced_by_operator(operation) else None


def _operation(name: str) -> Operation:
    try:
        return operations.get(name)
    except InvalidInput as exc:
        raise InvalidRequest([_prefixed(error) for error in exc.errors]) from None


def _prefixed(error: FieldError) -> FieldError:
    if error.field in {"operation", "provider"}:
        return error
    field = f"input.{error.field}" if error.field else "input"
    return FieldError(field, error.code, error.message)
