"""How amounts of money read: Stripe counts in a currency's smallest unit, people do not."""

from __future__ import annotations

from decimal import Decimal

# Stripe's documentation, "Currencies": those without a smaller unit, and with thousandths.
ZERO_DECIMALS = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
THREE_DECIMALS = frozenset("bhd jod kwd omr tnd".split())  # noqa: SIM905
# Those that Stripe counts in hundredths, but charges in whole units only.
WHOLE_UNITS = frozenset({"isk", "ugx"})
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def step(currency: str) -> int:
    """An amount that Stripe takes is a multiple of this. The third decimal must be 0."""
    if currency in WHOLE_UNITS:
        return 100
    return 10 if currency in THREE_DECIMALS else 1


def from_decimal(amount: Decimal, currency: str) -> int:
    """Decimal("18.00"), "usd" is 1800. Raises ValueError for what cannot be paid."""
    smallest = amount.scaleb(decimals(currency))
    if smallest != smallest.to_integral_value() or int(smallest) % step(currency):
        raise ValueError(f"{amount} {currency.upper()} cannot be paid.")
    return int(smallest)


def to_decimal(amount: int, currency: str) -> Decimal:
    """1800, "usd" is Decimal("18.00"), as people type it."""
    return Decimal(amount).scaleb(-decimals(currency))


def to_text(amount: int, currency: str) -> str:
    """1800, "usd" is "$18.00"; 500, "chf" is "5.00 CHF"."""
    places = decimals(currency)
    whole, rest = divmod(amount, 10**places)
    number = f"{whole:,}.{rest:0{places}d}" if places else f"{whole:,}"
    if currency in SYMBOLS:
        return f"{SYMBOLS[currency]}{number}"
    return f"{number} {currency.upper()}"
