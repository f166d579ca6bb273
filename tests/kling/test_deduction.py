"""What the provider says it took: a text from outside that moves money."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kling.complaints import Answer
from kling.envelope import parse_task
from kling.tasks import Task, deduction


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("6", Decimal("6")),
        ("0.25", Decimal("0.25")),
        ("0", Decimal("0")),
        (" 6 ", Decimal("6")),
        ("100000", Decimal("100000")),
    ],
)
def test_it_reads_a_plain_decimal(text: str, amount: Decimal) -> None:
    assert deduction(Task("1", "succeed", unit_deduction=text)) == amount


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "six",
        "-1",
        "+1",
        "NaN",
        "sNaN",
        "Infinity",
        "1e3",
        "1E-3",
        "1e999999999",
        "1_000",
        "1,5",
        "0x10",
        "٦",
        "6.",
        ".5",
        "6\n6",
        "100000.1",
        "999999999999999999999999",
        "0.12345678901",
    ],
)
def test_it_refuses_everything_else(text: str | None) -> None:
    assert deduction(Task("1", "succeed", unit_deduction=text)) is None


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("6", "6"),
        (6, "6"),
        (0.25, "0.25"),
        ("six", "six"),
        ("-1", "-1"),
        (None, None),
        (True, None),
        ({}, None),
        (["6"], None),
    ],
)
def test_it_keeps_the_providers_text(value: object, kept: str | None) -> None:
    data = {"task_id": "1", "task_status": "succeed", "final_unit_deduction": value}
    assert parse_task(Answer({"code": 0, "data": data})).unit_deduction == kept


def test_it_adds_up_nothing_from_several_charges() -> None:
    charges = [{"charge_type": "unit", "amount": "3"}, {"charge_type": "unit", "amount": "4"}]
    data = {"id": "1", "status": "succeeded", "billing": charges}
    assert parse_task(Answer({"code": 0, "data": data})).unit_deduction is None


@pytest.mark.parametrize(
    ("units", "cash", "kept"),
    [
        ("0", {"quota": "0.35", "list_price": "0.49"}, None),
        ("0", {"quota": 0.35}, None),
        ("0", {"quota": "0", "list_price": "0.49"}, "0"),
        ("0", {"quota": "0", "list_price": "0.00"}, "0"),
        ("0", {"quota": "string"}, "0"),
        ("0", {}, "0"),
        ("0", None, "0"),
        ("0", "0.35", "0"),
        ("5", {"quota": "0.35", "list_price": "0.49"}, "5"),
    ],
)
def test_no_units_for_a_task_paid_in_cash_is_not_a_free_task(
    units: str, cash: object, kept: str | None
) -> None:
    data = {
        "task_id": "1",
        "task_status": "succeed",
        "final_unit_deduction": units,
        "final_balance_deduction": cash,
    }
    assert parse_task(Answer({"code": 0, "data": data})).unit_deduction == kept
