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
from generations.actions import Order, Priced
from generations.errors import InvalidRequest, ProviderUnavailable
from kling.errors import FieldError

# What somebody is still writing, and what takes its place meanwhile: its words do not change
# the price.
TEXTS = frozenset({"prompt", "multi_prompt", "multi_shot", "shot_type"})
STAND_IN = {"prompt": "…"}


@dataclass(frozen=True)
class PriceTag:
    """Amounts are micro-credits. `credits` is None while the values cannot be priced."""

    balance: Balance
    credits: int | None = None
    lines: tuple[str, ...] = ()
    units: str = ""
    rate: int = MICRO
    errors: tuple[FieldError, ...] = ()
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


def price_tag(operation: str, values: Mapping[str, Any], *, workspace: Workspace) -> PriceTag:
    tag = PriceTag(balance=billing.credits.balance(workspace))
    try:
        found, errors = _estimate(Order(operation, values), workspace)
    except InvalidRequest as exc:
        return replace(tag, errors=tuple(exc.errors))
    except ProviderUnavailable as exc:
        return replace(tag, refusal=str(exc))
    units = found.route.request.units
    return replace(
        tag,
        credits=found.price.credits,
        lines=tuple(line.label for line in units.breakdown),
        units=format(units.amount, "f"),
        rate=found.price.rate,
        errors=errors,
    )


def _estimate(order: Order, workspace: Workspace) -> tuple[Priced, tuple[FieldError, ...]]:
    """The price, and what is wrong with texts beside it; that a text is missing goes unsaid."""
    try:
        return actions.estimate(order, workspace=workspace), ()
    except InvalidRequest as exc:
        if not all(_name(error) in TEXTS for error in exc.errors):
            raise
        errors = tuple(error for error in exc.errors if error.code != "required")
    rest = {name: value for name, value in order.input.items() if name not in TEXTS}
    stand_in = replace(order, input={**rest, **STAND_IN})
    return actions.estimate(stand_in, workspace=workspace), errors


def _name(error: FieldError) -> str:
    """`multi_prompt` of `input.multi_prompt.0.prompt`."""
    return error.field.removeprefix("input.").partition(".")[0]
