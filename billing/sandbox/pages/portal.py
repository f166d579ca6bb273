"""The customer portal: saved cards, invoices, subscriptions."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from billing.currencies import to_text
from billing.sandbox.account import Account
from billing.sandbox.errors import CardRefused, Refused
from billing.sandbox.pages import html
from billing.sandbox.pages.html import Page, Redirect
from billing.sandbox.resources import customers, invoices, methods, subscriptions
from billing.sandbox.resources.cards import CARDS, METHOD
from billing.sandbox.resources.portal import PORTAL
from billing.sandbox.store import Row


def show(account: Account, portal_id: str, message: str = "") -> Page:
    portal = account.get(PORTAL, portal_id)
    customer = customers.living(account, portal["customer"])
    back = portal["return_url"]
    return html.page(
        f"<h1>Billing of {escape(customer['name'] or customer['email'] or customer['id'])}</h1>"
        + html.message(message)
        + "<h2>Cards</h2>"
        + _cards(account, customer, f"/portal/{portal_id}")
        + "<h2>Subscriptions</h2>"
        + _subscriptions(account, customer, f"/portal/{portal_id}")
        + "<h2>Invoices</h2>"
        + _invoices(account, customer)
        + (f'<p class="quiet"><a href="{escape(back)}">Back to the shop</a></p>' if back else "")
    )


def press(account: Account, portal_id: str, action: str, form: dict[str, str]) -> Page | Redirect:
    portal = account.get(PORTAL, portal_id)
    customer = customers.living(account, portal["customer"])
    if action == "add":
        try:
            methods.attach(account, {"customer": customer["id"]}, form.get("card", ""))
        except CardRefused as exc:
            return show(account, portal_id, str(exc))
    elif action in ("remove", "prefer"):
        _change_card(account, customer, action, form.get("card", ""))
    elif action in ("cancel", "keep"):
        row = _own(account, subscriptions.SUBSCRIPTION, customer, form.get("subscription", ""))
        at_end = {"cancel_at_period_end": action == "cancel"}
        subscriptions.update(account, at_end, row["id"])
    else:
        raise Refused("There is no such page.", status=404)
    return Redirect(f"/portal/{portal_id}")


def _change_card(account: Account, customer: Row, action: str, card: str) -> None:
    method = _own(account, METHOD, customer, card)
    if action == "remove":
        methods.detach(account, {}, method["id"])
        return
    default = {"invoice_settings": {"default_payment_method": method["id"]}}
    customers.update(account, default, customer["id"])


def _own(account: Account, kind: str, customer: Row, object_id: str) -> Row:
    row = account.get(kind, object_id)
    if row["customer"] != customer["id"]:
        raise Refused("This belongs to another customer.", status=404)
    return row


def _cards(account: Account, customer: Row, at: str) -> str:
    default = customer["invoice_settings"]["default_payment_method"]
    rows = []
    for method in account.all(METHOD, customer=customer["id"]):
        field = _hidden("card", method["id"])
        prefer = html.button(f"{at}/prefer", "Make default", fields=field)
        rows.append(
            (
                escape(card_name(method)),
                "Default" if method["id"] == default else prefer,
                html.button(f"{at}/remove", "Remove", fields=field),
            )
        )
    cards = {token: f"{card.last4}: {card.label}" for token, card in CARDS.items()}
    add = html.button(f"{at}/add", "Add card", fields=html.choice("card", "Test card", cards))
    return html.table(("Card", "Default", ""), rows, empty="No card is saved.") + add


def _subscriptions(account: Account, customer: Row, at: str) -> str:
    rows = []
    for row in account.all(subscriptions.SUBSCRIPTION, customer=customer["id"]):
        action, label = ("keep", "Keep") if row["cancel_at_period_end"] else ("cancel", "Cancel")
        button = html.button(f"{at}/{action}", label, fields=_hidden("subscription", row["id"]))
        is_living = row["status"] in subscriptions.LIVING
        until = "ends" if row["cancel_at_period_end"] else "renews"
        rows.append(
            (
                ", ".join(escape(_product(account, item)) for item in row["items"]["data"]),
                escape(row["status"]),
                f"{until} {day(subscriptions.period_end(row))}" if is_living else "–",
                button if is_living else "",
            )
        )
    return html.table(("Plan", "State", "", ""), rows, empty="There is no subscription.")


def _invoices(account: Account, customer: Row) -> str:
    rows = [
        (
            f'<a href="/invoices/{escape(row["id"])}">{escape(row["number"])}</a>',
            day(row["created"]),
            to_text(row["total"], row["currency"]),
            escape(row["status"]),
        )
        for row in account.all(invoices.INVOICE, customer=customer["id"])
    ]
    return html.table(("Invoice", "Date", "Amount", "State"), rows, empty="None yet.")


def card_name(method: Row) -> str:
    if method["type"] == "card":
        return f"Visa ending in {method['card']['last4']}"
    return f"Bank account ending in {method['sepa_debit']['last4']}"


def day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _product(account: Account, item: Row) -> str:
    return str(account.get("product", item["price"]["product"])["name"])


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'
