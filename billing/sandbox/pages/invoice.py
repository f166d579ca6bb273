"""An invoice, paid or to be paid; and the receipt of a charge."""

from __future__ import annotations

from html import escape

from billing.currencies import to_text
from billing.sandbox.account import Account
from billing.sandbox.errors import Refused
from billing.sandbox.pages import html
from billing.sandbox.pages.html import Page
from billing.sandbox.pages.portal import card_name, day
from billing.sandbox.resources import cards, charges, invoices, methods, renewals
from billing.sandbox.store import Row


def show(account: Account, invoice_id: str, message: str = "") -> Page:
    invoice = account.get(invoices.INVOICE, invoice_id)
    lines = [
        (
            f"{escape(line['description'])} × {line['quantity']}",
            f"{day(line['period']['start'])} – {day(line['period']['end'])}",
            to_text(line["amount"], line["currency"]),
        )
        for line in invoice["lines"]["data"]
    ]
    total = to_text(invoice["total"], invoice["currency"])
    return html.page(
        f"<h1>Invoice {escape(invoice['number'])}</h1>{html.message(message)}"
        f"<p>{day(invoice['created'])} · {escape(invoice['status'])}</p>"
        + html.table(("What", "Period", "Amount"), lines, empty="")
        + f'<p class="total">{total}</p>'
        + (_pay(invoice) if invoice["status"] == "open" else "")
    )


def pay(account: Account, invoice_id: str, form: dict[str, str]) -> Page:
    """With a new card, which becomes the customer's, in person: it is not asked again."""
    invoice = account.get(invoices.INVOICE, invoice_id)
    token = form.get("card", "pm_card_visa")
    if token not in cards.CARDS:
        raise Refused(f"There is no test card {token}.", param="card")
    method = cards.make_card(account, token)
    if method["_can_be_saved"]:
        method = methods.give(account, method, invoice["customer"])
    if method["_outcome"] == cards.AUTHENTICATE:
        method = {**method, "_outcome": "succeed"}
    error = renewals.collect(account, invoice, method=method)
    return show(account, invoice_id, error["message"] if error else "")


def receipt(account: Account, charge_id: str) -> Page:
    charge = account.get(charges.CHARGE, charge_id)
    method = account.get(cards.METHOD, charge["payment_method"])
    amount = to_text(charge["amount"], charge["currency"])
    refunded = to_text(charge["amount_refunded"], charge["currency"])
    return html.page(
        f'<h1>Receipt</h1><p class="total">{amount}</p>'
        f"<p>{day(charge['created'])} · {escape(card_name(method))} · refunded: {refunded}</p>"
    )


def _pay(invoice: Row) -> str:
    choices = {token: f"{card.last4}: {card.label}" for token, card in cards.CARDS.items()}
    field = html.choice("card", "Test card", choices)
    return html.button(f"/invoices/{invoice['id']}/pay", "Pay", kind="primary", fields=field)
