"""Which page is where."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import parse_qsl

from billing.sandbox.account import Account
from billing.sandbox.checkout.sessions import SESSION
from billing.sandbox.errors import Refused
from billing.sandbox.pages import authentication, checkout, html
from billing.sandbox.pages.html import Page, Redirect

INDEX_SIZE = 50


def visit(account: Account, method: str, path: str, body: str) -> Page | Redirect:
    form = dict(parse_qsl(body))
    if path == "/" and method == "GET":
        return _index(account)
    found = re.fullmatch(r"/pay/(\w+)(?:/(\w+))?", path)
    if found and found[2] is None and method == "GET":
        return checkout.show(account, found[1])
    if found and found[2] in checkout.ACTIONS and method == "POST":
        return checkout.press(account, found[1], found[2], form)
    found = re.fullmatch(r"/authenticate/(\w+)(?:/(\w+))?", path)
    if found and found[2] is None and method == "GET":
        return authentication.show(account, found[1])
    if found and found[2] in authentication.ACTIONS and method == "POST":
        return authentication.press(account, found[1], found[2])
    raise Refused("There is no such page.", status=404)


def _index(account: Account) -> Page:
    rows = [
        (
            f'<a href="/pay/{escape(row["id"])}">{escape(checkout.what(row))}</a>',
            checkout.money(row),
            escape(checkout.state(account, row)),
        )
        for row in account.all(SESSION)[:INDEX_SIZE]
    ]
    found = html.table(("What", "Price", "State"), rows, empty="None yet.")
    return html.page(f"<h1>Sandbox payments</h1>{found}")
