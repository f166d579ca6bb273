"""Credits as whole numbers of micro-credits: 1 credit = 1,000,000. Never floats."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context, Decimal, InvalidOperation

MICRO = 1_000_000

# Exact in JSON numbers and far below a bigint: 9 billion credits.
MAX_MICRO = 2**53

# The usual 28 digits would round a long decimal down before it is rounded up.
EXACT = Context(prec=200)


def to_micro(text: Decimal | str | int) -> int:
    """Micro-credits of an amount of credits, rounded up at the seventh decimal.

    Raises ValueError for what is no amount: negative, not a number, beyond 9 billion credits.
    """
    if isinstance(text, float):
        raise TypeError("An amount of credits is a Decimal or its text, never a float.")
    try:
        amount = Decimal(text)
    except InvalidOperation as exc:
        raise ValueError(f"{text!r} is not a number.") from exc
    # Compared before multiplied: Decimal("1e400000") is finite, and its integer fills the memory.
    if not amount.is_finite() or amount < 0 or amount > Decimal(MAX_MICRO).scaleb(-6):
        raise ValueError(f"{text!r} is not an amount of credits.")
    return round_up(EXACT.multiply(amount, Decimal(MICRO)))


def round_up(micro: Decimal) -> int:
    return int(micro.to_integral_value(rounding=ROUND_CEILING))


def to_text(micro: int) -> str:
    """The shortest decimal text: 6000000 is "6", 250000 is "0.25"."""
    whole, rest = divmod(abs(micro), MICRO)
    text = f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
    return f"-{text}" if micro < 0 else text
