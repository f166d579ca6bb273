"""Combinations that must not start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import connections

from billing import guards, stripe_client


@register(Tags.security)
def stripe_settings(**_: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if settings.STRIPE_SECRET_KEY and not settings.STRIPE_WEBHOOK_SECRETS:
        problems.append(
            Error(
                "STRIPE_SECRET_KEY is set, but STRIPE_WEBHOOK_SECRET is empty.",
                hint="Without it payments are taken and their events refused. Copy the signing "
                "secret (whsec_…) of the webhook endpoint from Stripe's dashboard.",
                id="billing.E001",
            )
        )
    key_problem = stripe_client.key_problem()
    if key_problem:
        problems.append(
            Error(
                key_problem,
                hint="STRIPE_SECRET_KEY, STRIPE_LIVEMODE and STRIPE_API_BASE have to agree.",
                id="billing.E002",
            )
        )
    return problems


@register(Tags.database)
def ledger_guards(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Triggers vanish silently when SQLite rebuilds a table, or when somebody drops them.

    No error: that would stop the very `migrate` that installs them, also after an upgrade.
    """
    problems: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if "billing_creditaccount" not in connection.introspection.table_names():
            continue
        missing = guards.missing(connection)
        if missing:
            problems.append(
                Caution(
                    f"The ledger lacks database triggers: {', '.join(missing)}.",
                    hint="Run `manage.py migrate`; it installs them again.",
                    id="billing.W003",
                )
            )
    return problems
