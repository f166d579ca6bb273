"""Everything that the sandbox has, on one page."""

from __future__ import annotations

from html import escape

from billing.sandbox.account import Account
from billing.sandbox.checkout.sessions import SESSION
from billing.sandbox.pages import checkout, html
from billing.sandbox.pages.html import Page

SIZE = 50


def show(account: Account) -> Page:
    rows = [
        (
            f'<a href="/pay/{escape(row["id"])}">{escape(checkout.what(row))}</a>',
            checkout.money(row),
            escape(checkout.state(account, row)),
        )
        for row in account.all(SESSION)[:SIZE]
    ]
    found = html.table(("What", "Price", "State"), rows, empty="None yet.")
    return html.page(f"<h1>Sandbox payments</h1>{found}")
