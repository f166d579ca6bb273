"""Which page is where."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from billing.sandbox import control as controls
from billing.sandbox.account import Account, shown
from billing.sandbox.errors import Refused
from billing.sandbox.pages import authentication, checkout, invoice, overview, portal
from billing.sandbox.pages.html import Page, Redirect
from billing.sandbox.store import Row

Shown = Callable[..., Page]
Pressed = Callable[..., Page | Redirect]


def control(account: Account, method: str, path: str, body: str) -> Row:
    """The same as the buttons of the overview, for programs."""
    if method == "GET":
        return controls.state(account)
    return shown(controls.act(account, path.removeprefix("/control/"), dict(parse_qsl(body))))


def _press_control(account: Account, path: str, form: dict[str, str]) -> Redirect:
    controls.act(account, path, form)
    return Redirect("/")


# By path; its groups are ids and names of buttons.
SHOWN: dict[str, Shown] = {
    "/": overview.show,
    r"/pay/(\w+)": checkout.show,
    r"/authenticate/(\w+)": authentication.show,
    r"/portal/(\w+)": portal.show,
    r"/invoices/(\w+)(?:/pdf)?": invoice.show,
    r"/receipts/(\w+)": invoice.receipt,
}
PRESSED: dict[str, Pressed] = {
    r"/pay/(\w+)/(\w+)": checkout.press,
    r"/authenticate/(\w+)/(\w+)": authentication.press,
    r"/portal/(\w+)/(\w+)": portal.press,
    r"/invoices/(\w+)/pay": invoice.pay,
    r"/control/(.+)": _press_control,
}


def visit(account: Account, method: str, path: str, body: str) -> Page | Redirect:
    """Raises Refused for what is not there, or cannot be done now."""
    given = [dict(parse_qsl(body))] if method == "POST" else []
    for pattern, run in (PRESSED if method == "POST" else SHOWN).items():
        found = re.fullmatch(pattern, path)
        if found:
            return run(account, *found.groups(), *given)
    raise Refused("There is no such page.", status=404)
