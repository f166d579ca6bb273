"""Resource packs of an account, as ``GET /account/costs`` tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

PACKS = "resource_pack_subscribe_infos"


def are_used_up(costs: Mapping[str, Any]) -> bool:
    """True only where packs are listed, and none of them is in force with units left.

    The figures lag by hours, and an account may be charged without a pack: what is not said here
    is not known.
    """
    packs = costs.get(PACKS)
    if not isinstance(packs, list) or not packs:
        return False
    return not any(_has_units(pack) for pack in packs if isinstance(pack, Mapping))


def _has_units(pack: Mapping[str, Any]) -> bool:
    if pack.get("status") != "online":
        return False
    try:
        left = Decimal(str(pack.get("remaining_quantity")))
    except InvalidOperation:
        return True  # a pack in force whose units we cannot read
    return not left.is_finite() or left > 0
