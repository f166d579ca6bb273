"""The page where a buyer would pay, and the list of all sessions. Plain HTML, no scripts."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from billing.sandbox.objects import Row

STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
NOTICE = "Payment sandbox – no real money"

OPEN_ACTIONS = (
    ("pay", "Pay", "primary", "The payment succeeds at once."),
    ("decline", "Decline", "", "The card is refused; you can try again."),
    ("later", "Pay later", "", "As with a bank transfer: the money arrives, or not, afterwards."),
    ("cancel", "Cancel", "", "Back to the shop; nothing is paid."),
)
WAITING_ACTIONS = (
    ("arrive", "The money arrives", "primary", "The delayed payment succeeds."),
    ("fail", "It comes to nothing", "", "The delayed payment fails."),
)


def session_page(row: Row, *, waiting: bool, message: str = "") -> str:
    price = f"{_money(row)} for {escape(_what(row))}"
    actions = ""
    if row["status"] == "open":
        actions = _forms(row, OPEN_ACTIONS)
    elif waiting:
        actions = _forms(row, WAITING_ACTIONS)
    notice = f'<p class="message" role="alert">{escape(message)}</p>' if message else ""
    state = f"<p>This session is {escape(_state(row, waiting=waiting))}.</p>"
    return _page(
        f"<h1>{price}</h1>{notice}{'' if row['status'] == 'open' else state}{actions}"
        '<p class="quiet"><a href="/">All sandbox payments</a></p>'
    )


def index_page(rows: list[tuple[Row, bool]]) -> str:
    lines = "".join(
        f'<tr><td><a href="/pay/{escape(row["id"])}">{escape(_what(row))}</a></td>'
        f"<td>{_money(row)}</td><td>{escape(_state(row, waiting=waiting))}</td></tr>"
        for row, waiting in rows
    )
    table = f"<table><tr><th>What</th><th>Price</th><th>State</th></tr>{lines}</table>"
    return _page(f"<h1>Sandbox payments</h1>{table if rows else '<p>None yet.</p>'}")


def error_page(message: str) -> str:
    return _page(f'<h1>That did not work</h1><p role="alert">{escape(message)}</p>')


def policy(row: Row | None) -> str:
    """Browsers check a form's target again where the answer redirects to: back to the shop."""
    addresses = [row["success_url"], row["cancel_url"]] if row else []
    origins = {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in addresses if url}
    targets = " ".join(["'self'", *sorted(origins)])
    return f"default-src 'none'; style-src 'self'; form-action {targets}; frame-ancestors 'none'"


def _forms(row: Row, actions: tuple[tuple[str, str, str, str], ...]) -> str:
    return "".join(
        f'<form method="post" action="/pay/{escape(row["id"])}/{action}">'
        f'<button class="{kind}">{escape(label)}</button> <span>{escape(hint)}</span></form>'
        for action, label, kind, hint in actions
    )


def _state(row: Row, *, waiting: bool) -> str:
    if waiting:
        return "waiting for its money"
    if row["status"] == "complete":
        return "paid" if row["payment_status"] == "paid" else "not paid"
    return str(row["status"])


def _what(row: Row) -> str:
    return ", ".join(item["price_data"]["product_data"]["name"] for item in row["_line_items"])


def _money(row: Row) -> str:
    """The smallest units as they are: how many make a dollar or a yen is not ours to know."""
    amount: int = row["amount_total"]
    if row["currency"] in ("usd", "eur", "gbp"):
        return f"{amount // 100}.{amount % 100:02d} {row['currency'].upper()}"
    return f"{amount} {escape(row['currency'].upper())} (smallest unit)"


def _page(content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{NOTICE}</title>"
        '<link rel="stylesheet" href="/style.css"></head><body>'
        f'<p class="banner">{NOTICE}</p><main>{content}</main></body></html>'
    )
