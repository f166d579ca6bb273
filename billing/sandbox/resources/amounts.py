"""Amounts in a currency's smallest unit: what Stripe takes, and how a share of one is rounded."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from billing.currencies import CHARGEABLE, THREE_DECIMALS, to_text
from billing.sandbox.errors import Refused

MOST = 99_999_999
# Stripe's documentation, "Minimum and maximum charge amounts"; of the others it asks no less.
LEAST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "chf": 50, "cad": 50, "aud": 50, "sgd": 50}


def check_amount(amount: int, currency: str, *, param: str) -> None:
    """A price, which may be nothing."""
    if currency not in CHARGEABLE:
        raise Refused(
            f"Invalid currency: {currency}.", param=param.replace("unit_amount", "currency")
        )
    if not 0 <= amount <= MOST:
        raise Refused(f"Invalid amount: {amount}.", code="parameter_invalid_integer", param=param)
    if currency in THREE_DECIMALS and amount % 10:
        raise Refused(
            "Amounts with three decimals must end with 0.",
            code="invalid_charge_amount",
            param=param,
        )


def check_charge(amount: int, currency: str, *, param: str) -> None:
    """What is taken from a buyer: not too little for the card networks."""
    check_amount(amount, currency, param=param)
    least = LEAST.get(currency, 1)
    if amount < least:
        raise Refused(
            f"The amount must be at least {to_text(least, currency)}.",
            code="amount_too_small",
            param=param,
        )


def share(amount: int, part: Decimal | Fraction) -> int:
    exact = Fraction(amount) * Fraction(part)
    decimal = Decimal(exact.numerator) / Decimal(exact.denominator)
    return int(decimal.quantize(Decimal(1), rounding=ROUND_HALF_UP))
