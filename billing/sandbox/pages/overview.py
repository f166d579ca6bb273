"""Everything that the sandbox has, and the buttons for what only the world outside can do."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from billing.currencies import to_text
from billing.sandbox import faults
from billing.sandbox.account import Account
from billing.sandbox.checkout.sessions import SESSION
from billing.sandbox.pages import checkout, html
from billing.sandbox.pages.html import Page
from billing.sandbox.pages.portal import card_name, day
from billing.sandbox.resources import cards, charges, disputes, refunds, subscriptions
from billing.sandbox.store import Row

SIZE = 25
FAULT_LABELS = {
    "lose": "Events lost (0–1)",
    "double": "Events sent twice",
    "twin": "Events made twice",
    "delay": "Events late",
    "delay_seconds": "Late by up to (s)",
    "reorder": "Events out of order",
    "lose_replies": "Answers lost",
    "fail_replies": "Answers 500",
    "seed": "Seed",
}


def show(account: Account) -> Page:
    sections = {
        "Sessions": _sessions(account),
        "Payments": _charges(account),
        "Disputes": _disputes(account),
        "Refunds": _refunds(account),
        "Saved cards": _cards(account),
        "Subscriptions": _subscriptions(account),
        "Clock": _clock(account),
        "Faults": _faults(account),
    }
    parts = "".join(
        f"<section><h2>{title}</h2>{content}</section>" for title, content in sections.items()
    )
    return html.page(
        "<h1>Payment sandbox</h1><p>A stand-in for Stripe. Here is what banks, card holders, time "
        f"and the network would do.</p>{parts}"
    )


def _sessions(account: Account) -> str:
    rows = [
        (
            f'<a href="/pay/{escape(row["id"])}">{escape(checkout.what(row))}</a>',
            checkout.money(row),
            escape(checkout.state(account, row)),
        )
        for row in account.all(SESSION)[:SIZE]
    ]
    return html.table(("What", "Price", "State"), rows, empty="None yet.")


def _charges(account: Account) -> str:
    rows = []
    for row in account.all(charges.CHARGE, status="succeeded")[:SIZE]:
        at = f"/control/charges/{row['id']}"
        reasons = dict(zip(disputes.REASONS, disputes.REASONS, strict=True))
        reason = html.choice("reason", "Reason", reasons)
        only = '<label class="check"><input type="checkbox" name="inquiry"> Inquiry</label>'
        rows.append(
            (
                f'<a href="/receipts/{row["id"]}">{to_text(row["amount"], row["currency"])}</a>',
                _refunded(row),
                html.button(f"{at}/refund", "Refund", fields=_amount(row))
                + html.button(f"{at}/dispute", "Dispute", fields=reason + only)
                + html.button(f"{at}/warn", "Fraud warning"),
            )
        )
    return html.table(("Paid", "State", ""), rows, empty="None yet.")


def _refunded(row: Row) -> str:
    if row["amount_refunded"]:
        return f"{to_text(row['amount_refunded'], row['currency'])} refunded"
    return "disputed" if row["disputed"] else "paid"


def _amount(row: Row) -> str:
    left = row["amount"] - row["amount_refunded"]
    return (
        '<label>Amount, smallest unit <input name="amount" inputmode="numeric" '
        f'value="{left}"></label>'
    )


def _disputes(account: Account) -> str:
    rows = []
    for row in account.all(disputes.DISPUTE)[:SIZE]:
        buttons: dict[str, str] = {}
        if row["status"] in disputes.OPEN:
            buttons = {"win": "We win", "lose": "We lose"}
        if row["status"] in disputes.INQUIRIES:
            buttons = {"escalate": "Becomes a dispute", "win": "Is closed"}
        rows.append(
            (
                to_text(row["amount"], row["currency"]),
                escape(f"{row['reason']}: {row['status']}"),
                "".join(
                    html.button(f"/control/disputes/{row['id']}/{verdict}", label)
                    for verdict, label in buttons.items()
                ),
            )
        )
    return html.table(("Amount", "State", ""), rows, empty="None.")


def _refunds(account: Account) -> str:
    rows = []
    for row in account.all(refunds.REFUND)[:SIZE]:
        ends = ["failed"] if row["status"] == "succeeded" else []
        if row["status"] in refunds.UNFINISHED:
            ends = ["succeeded", "failed", "canceled"]
        choice = html.choice("status", "Becomes", dict(zip(ends, ends, strict=True)))
        finish = html.button(f"/control/refunds/{row['id']}/finish", "Set", fields=choice)
        rows.append(
            (
                to_text(row["amount"], row["currency"]),
                escape(row["status"]),
                finish if ends else "",
            )
        )
    return html.table(("Amount", "State", ""), rows, empty="None.")


def _cards(account: Account) -> str:
    outcomes = dict(zip(cards.OUTCOMES, cards.OUTCOMES, strict=True))
    rows = []
    for row in account.all(cards.METHOD)[:SIZE]:
        if row["customer"]:
            choice = html.choice("outcome", "When charged", outcomes, chosen=row["_outcome"])
            form = html.button(f"/control/cards/{row['id']}/outcome", "Set", fields=choice)
            rows.append((escape(card_name(row)), form))
    return html.table(("Card", ""), rows, empty="None.")


def _subscriptions(account: Account) -> str:
    rows = [
        (
            escape(row["id"]),
            escape(row["status"]),
            day(subscriptions.period_end(row)),
        )
        for row in account.all(subscriptions.SUBSCRIPTION)[:SIZE]
    ]
    return html.table(("Subscription", "State", "Period ends"), rows, empty="None.")


def _clock(account: Account) -> str:
    now = datetime.fromtimestamp(account.now(), UTC).strftime("%Y-%m-%d %H:%M")
    days = '<label>Days <input name="days" inputmode="numeric" value="31"></label>'
    return f"<p>It is {now} UTC here.</p>" + html.button(
        "/control/clock/advance", "Set forward", fields=days
    )


def _faults(account: Account) -> str:
    found = faults.current(account.store)
    fields = "".join(
        f'<label>{label} <input name="{name}" inputmode="decimal" value="{found[name]:g}"></label>'
        for name, label in FAULT_LABELS.items()
    )
    waiting = len(account.store.undelivered())
    return f"<p>Events not delivered: {waiting}.</p>" + html.button(
        "/control/faults", "Set", fields=f'<div class="fields">{fields}</div>'
    )
