from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.amounts import MAX_MICRO, to_micro, to_text
from billing.currencies import to_text as money


@pytest.mark.parametrize(
    ("text", "micro"),
    [
        ("6", 6_000_000),
        ("0.25", 250_000),
        ("0", 0),
        ("0.0000001", 1),
        ("1.00000000000000000000000000000000000001", 1_000_001),
        (Decimal("1e-400"), 1),
        (Decimal("2.5"), 2_500_000),
        (3, 3_000_000),
        ("1e3", 1_000_000_000),
    ],
)
def test_it_reads_credits_and_rounds_up(text: Decimal | str | int, micro: int) -> None:
    assert to_micro(text) == micro


@pytest.mark.parametrize(
    "text", ["-1", "NaN", "Infinity", "-Infinity", "sNaN", "1e400000", "9007199255", "six", ""]
)
def test_it_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError):
        to_micro(text)


def test_it_refuses_floats() -> None:
    with pytest.raises(TypeError):
        to_micro(0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("micro", "text"),
    [(6_000_000, "6"), (250_000, "0.25"), (0, "0"), (1, "0.000001"), (-1_500_000, "-1.5")],
)
def test_it_writes_the_shortest_text(micro: int, text: str) -> None:
    assert to_text(micro) == text


@given(st.integers(min_value=0, max_value=MAX_MICRO))
def test_it_reads_what_it_writes(micro: int) -> None:
    assert to_micro(to_text(micro)) == micro


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1800, "usd", "$18.00"),
        (123456, "eur", "€1,234.56"),
        (500, "jpy", "¥500"),
        (5, "chf", "0.05 CHF"),
        (1250, "kwd", "1.250 KWD"),
    ],
)
def test_it_writes_money_with_the_decimals_of_its_currency(
    amount: int, currency: str, text: str
) -> None:
    assert money(amount, currency) == text
