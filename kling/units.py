"""Kling units of a request, before it is submitted (protocol, section 9). Pure, in Decimal.

Kling bills what was asked for: 5 seconds of kling-v3 in pro with sound are 6 units, although
the file lasts 5.041 seconds (Cloudsway page, ``final_unit_deduction``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from kling.catalogue import Catalogue, CatalogueError, Model, UnitType, rate
from kling.errors import NotPriced
from kling.media import Media
from kling.operations.base import Operation


@dataclass(frozen=True)
class Line:
    """One line of a price, in plain words; ``amount`` in units."""

    label: str
    amount: Decimal


@dataclass(frozen=True)
class Units:
    """``amount`` of units of one pack type; the lines of ``breakdown`` add up to it."""

    amount: Decimal
    unit_type: UnitType
    breakdown: tuple[Line, ...]


def compute(
    operation: Operation,
    model: Model | None,
    values: Mapping[str, Any],
    catalogue: Catalogue,
    *,
    media: Mapping[str, Media],
    rates: Mapping[str, Decimal],
) -> Units:
    """Units of a valid request.

    ``rates``: units by operation, for those whose price Kling does not document; NotPriced where
    such a one is missing. Raises CatalogueError where the catalogue should have a rate.
    """
    facts = operation.price_facts(values)
    entry = catalogue.entry(operation.name)
    if entry.priced_by == "operator":
        each = rates.get(operation.name)
        if each is None:
            raise NotPriced(f"{operation.title} has no price here yet.")
    else:
        row = rate(catalogue.rates(operation.name, model), facts)
        if row is None:
            raise CatalogueError(f"no rate for {operation.name} with {facts}")
        each = row.units
    count = quantity(operation, entry.per, values, media)
    amount = plain(each * count)
    label = _label(operation, model, facts) + _times(entry.per, count, each)
    return Units(amount=amount, unit_type=entry.unit_type, breakdown=(Line(label, amount),))


def together(first: Units, second: Units) -> Units:
    """The price of two calls that are sold as one."""
    return Units(
        amount=plain(first.amount + second.amount),
        unit_type=first.unit_type,
        breakdown=first.breakdown + second.breakdown,
    )


def quantity(
    operation: Operation, per: str, values: Mapping[str, Any], media: Mapping[str, Media]
) -> Decimal:
    if per == "second":
        return operation.seconds(values, media)
    if per == "5 seconds":
        parts = operation.seconds(values, media) / 5
        return parts.to_integral_value(rounding=ROUND_CEILING)
    if per == "image":
        return Decimal(operation.slots(values))
    return Decimal(1)


def plain(amount: Decimal) -> Decimal:
    """6.0 as 6 and 10 as 10: what is shown and stored has no idle zeros and no exponent."""
    whole = amount == amount.to_integral_value()
    return amount.quantize(Decimal(1)) if whole else amount.normalize()


def _label(operation: Operation, model: Model | None, facts: Mapping[str, str]) -> str:
    parts = [model.title if model else operation.title]
    if "mode" in facts:
        parts.append(facts["mode"])
    if facts.get("sound") == "on":
        parts.append("with sound")
    if facts.get("video") == "on":
        parts.append("with a video")
    if facts.get("voice") == "on":
        parts.append("with chosen voices")
    return ", ".join(parts)


def _times(per: str, count: Decimal, units: Decimal) -> str:
    if per == "call":
        return ""
    if per == "5 seconds":
        return f": {plain(count)} × 5 seconds at {plain(units)} each"
    noun = per if count == 1 else f"{per}s"
    return f": {plain(count)} {noun} at {plain(units)} each"
