"""The operator's view. Money and history can be looked at, not edited: they have their actions."""

from __future__ import annotations

from billing.admin import ledger, orders, packs, prices, watches

__all__ = ["ledger", "orders", "packs", "prices", "watches"]
