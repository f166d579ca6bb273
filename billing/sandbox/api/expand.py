"""`expand`: an object in place of its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing.sandbox.account import Account, shown
from billing.sandbox.api.lists import whole
from billing.sandbox.errors import Refused
from billing.sandbox.store import Row

DEEPEST = 4


def _line_items(_account: Account, session: Row) -> Row:
    return whole(session["_items"], url=f"/v1/checkout/sessions/{session['id']}/line_items")


def _refunds(account: Account, charge: Row) -> Row:
    rows = account.all("refund", charge=charge["id"])
    return whole([shown(row) for row in rows], url=f"/v1/charges/{charge['id']}/refunds")


def _payments(account: Account, invoice: Row) -> Row:
    rows = account.all("invoice_payment", invoice=invoice["id"])
    return whole([shown(row) for row in rows], url="/v1/invoice_payments")


# What an answer leaves out unless it is asked for.
LEFT_OUT: dict[tuple[str, str], Callable[[Account, Row], Row]] = {
    ("checkout.session", "line_items"): _line_items,
    ("charge", "refunds"): _refunds,
    ("invoice", "payments"): _payments,
}


def expanded(account: Account, row: Row, paths: list[str]) -> Row:
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise Refused("You cannot expand more than 4 levels.", param="expand")
        _expand(account, row, parts, path)
    return row


def _expand(account: Account, row: Any, parts: list[str], path: str) -> None:
    if isinstance(row, list):
        for item in row:
            _expand(account, item, parts, path)
        return
    if not parts or row is None:
        return
    name, *rest = parts
    if (row.get("object"), name) in LEFT_OUT:
        if name not in row:
            stored = account.store.find(row["id"])
            assert stored is not None
            row[name] = LEFT_OUT[row["object"], name](account, stored)
    elif name not in row or isinstance(row[name], int | bool):
        raise Refused(
            f"This property cannot be expanded ({path}).", code="expand_invalid", param="expand"
        )
    if isinstance(row[name], str):
        row[name] = _object(account, row[name], path)
    _expand(account, row[name], rest, path)


def _object(account: Account, object_id: str, path: str) -> Row:
    found = account.store.find(object_id)
    if found is None:
        raise Refused(f"This property cannot be expanded ({path}).", param="expand")
    return shown(found)
