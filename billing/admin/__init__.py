"""The operator's view. Money and history can be looked at, not edited: they have their actions."""

from __future__ import annotations

from billing.admin import (
    freezes,
    ledger,
    orders,
    packs,
    prices,
    stripe_events,
    subscriptions,
    top_ups,
    watches,
)

__all__ = [
    "freezes",
    "ledger",
    "orders",
    "packs",
    "prices",
    "stripe_events",
    "subscriptions",
    "top_ups",
    "watches",
]
