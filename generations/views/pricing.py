"""The price on the button: what a form's values would cost, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import billing.credits
from accounts.models import Workspace
from billing.amounts import MICRO
from billing.credits import Balance
from generations import actions
from generations.actions import Order
from generations.errors import InvalidRequest, ProviderUnavailable, StorageUnavailable
from generations.views.sketching import Sketch, sketch
from kling.errors import FieldError


@dataclass(frozen=True)
class PriceTag:
    """Amounts are micro-credits. `credits` is None while the values cannot be priced.

    `awaited`: paths of the files whose content the price follows, and which are not there yet.
    """

    balance: Balance
    credits: int | None = None
    lines: tuple[str, ...] = ()
    units: str = ""
    rate: int = MICRO
    errors: tuple[FieldError, ...] = ()
    awaited: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def missing(self) -> int:
        return max(0, (self.credits or 0) - self.balance.available)

    @property
    def left(self) -> int:
        return self.balance.available - (self.credits or 0)

    @property
    def is_per_unit(self) -> bool:
        """Whether units have to be named, since one of them is not one credit."""
        return self.rate != MICRO


def price_tag(
    operation: str,
    values: Mapping[str, Any],
    *,
    schema: Mapping[str, Any],
    workspace: Workspace,
) -> PriceTag:
    tag = PriceTag(balance=billing.credits.balance(workspace))
    order = Order(operation, values)
    try:
        try:
            priced = actions.estimate(order, workspace=workspace)
            made = Sketch(priced.route.request, priced.price)
        except InvalidRequest as exc:
            made = sketch(order, exc.errors, schema=schema, workspace=workspace)
    except InvalidRequest as exc:
        return replace(tag, errors=tuple(exc.errors))
    except (ProviderUnavailable, StorageUnavailable) as exc:
        return replace(tag, refusal=str(exc))
    return _with_price(tag, made)


def _with_price(tag: PriceTag, made: Sketch) -> PriceTag:
    tag = replace(tag, errors=made.errors, awaited=made.awaited)
    if made.request is None or made.price is None:
        return tag
    units = made.request.units
    return replace(
        tag,
        credits=made.price.credits,
        lines=tuple(line.label for line in units.breakdown),
        units=format(units.amount, "f"),
        rate=made.price.rate,
    )
