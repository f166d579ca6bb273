"""`GET /account/costs`: one resource pack a unit type, less what finished tasks cost."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from . import envelopes
from .errors import Refusal
from .store import Store

PACK_UNITS: Final = Decimal(100_000)
PACK_SECONDS: Final = 180 * 86_400


def report(query: dict[str, str], *, store: Store) -> dict[str, Any]:
    """Raises Refusal 1201 without `start_time` and `end_time` (epoch milliseconds)."""
    for name in ("start_time", "end_time"):
        if not query.get(name, "").isdigit():
            raise Refusal(1201, f"{name} is required")
    spent: dict[str, Decimal] = {}
    first: dict[str, float] = {}
    for task in store.all():
        if task.dialect == "official":
            first.setdefault(task.unit_type, task.created_at)
            charged = spent.get(task.unit_type, Decimal(0)) + _charged(task.deduction)
            spent[task.unit_type] = charged
    packs = [_pack(kind, spent=spent[kind], since=first[kind]) for kind in spent]
    data: dict[str, Any] = {"code": 0, "msg": "success"}
    # Without a pack the real answer has no list at all, not an empty one.
    if packs:
        data["resource_pack_subscribe_infos"] = packs
    return envelopes.plain("official", data)


def _charged(deduction: str | None) -> Decimal:
    try:
        return Decimal(deduction or 0)
    except InvalidOperation:
        return Decimal(0)


def _pack(kind: str, *, spent: Decimal, since: float) -> dict[str, Any]:
    bought = int(since * 1000)
    return {
        "resource_pack_name": f"Simulated {kind} units",
        "resource_pack_id": f"simulated-{kind}",
        "resource_pack_type": "decreasing_total",
        "total_quantity": float(PACK_UNITS),
        "remaining_quantity": float(PACK_UNITS - spent),
        "purchase_time": bought,
        "effective_time": bought,
        "invalid_time": bought + PACK_SECONDS * 1000,
        "status": "online",
    }
