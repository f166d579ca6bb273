"""Figures of the operator's report: `{% load margins %}`. What is not known says so."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.conf import settings

from billing import currencies

register = template.Library()

NOT_KNOWN = "not known"


@register.filter
def money_or_unknown(amount: Decimal | None, places: int | None = None) -> str:
    """Money of the operator's currency, its name is said elsewhere."""
    if amount is None:
        return NOT_KNOWN
    decimals = currencies.decimals(settings.OPERATOR_CURRENCY) if places is None else places
    return f"{amount:,.{decimals}f}"


@register.filter
def money_or_zero(amount: Decimal | None) -> str:
    """A sum over nothing is nothing."""
    return money_or_unknown(amount or Decimal(0))


@register.filter
def units_or_unknown(units: Decimal | None) -> str:
    return NOT_KNOWN if units is None else f"{units.normalize():,f}"
