"""Time passes: sessions expire, refunds settle, subscriptions renew or are asked to pay again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from billing.sandbox.account import Account
from billing.sandbox.checkout import sessions
from billing.sandbox.errors import Refused
from billing.sandbox.resources import invoices, refunds, renewals, subscriptions

LONGEST_SECONDS = 3 * 366 * 24 * 3600


class Due(NamedTuple):
    at: int
    object_id: str
    run: Callable[[], object]


def advance(account: Account, seconds: int) -> None:
    """Set the sandbox's clock forward. Each thing that falls due happens at its own time."""
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise Refused("The clock goes forward, by up to three years at once.")
    target = account.now() + seconds
    catch_up(account, target)
    _set(account, target)


def catch_up(account: Account, until: int | None = None) -> None:
    """Do what has fallen due by now, the earliest first."""
    target = account.now() if until is None else until
    while due := [one for one in _due(account) if one.at <= target]:
        first = min(due, key=lambda one: (one.at, one.object_id))
        if until is not None:
            _set(account, max(first.at, account.now()))
        first.run()


def _set(account: Account, at: int) -> None:
    account.store.set_setting("clock", at - int(time.time()))


def _due(account: Account) -> Iterator[Due]:
    for row in account.all(refunds.REFUND):
        if row["_later"]:
            run = partial(refunds.finish, account, row["id"], row["_later"]["status"])
            yield Due(row["_later"]["at"], row["id"], run)
    for row in account.all(sessions.SESSION, status="open"):
        yield Due(sessions.ends_at(row), row["id"], partial(sessions.let_expire, account, row))
    for row in account.all(subscriptions.SUBSCRIPTION):
        if row["status"] in subscriptions.LIVING:
            yield Due(
                subscriptions.period_end(row),
                row["id"],
                partial(renewals.renew, account, row),
            )
    for row in account.all(invoices.INVOICE, status="open"):
        if row["next_payment_attempt"]:
            yield Due(
                row["next_payment_attempt"],
                row["id"],
                partial(renewals.collect, account, row),
            )
