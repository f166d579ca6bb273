"""Paying an invoice that its own card did not pay."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.route import Route
from billing.sandbox.errors import CardRefused
from billing.sandbox.resources import methods, renewals
from billing.sandbox.resources.invoices import INVOICE, PATH
from billing.sandbox.store import Row


def pay(account: Account, wanted: Row, invoice_id: str) -> Row:
    invoice = account.get(INVOICE, invoice_id)
    given = wanted.get("payment_method")
    method = methods.usable(account, given) if given else None
    error = renewals.collect(account, invoice, method=method)
    if error:
        raise CardRefused(error)
    return account.get(INVOICE, invoice_id)


ROUTES = (Route("POST", f"{PATH}/{{}}/pay", "InvoicePayParams", "payment_method off_session", pay),)
