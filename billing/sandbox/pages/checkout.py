"""The page where a buyer would pay."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from billing.currencies import to_text
from billing.sandbox.account import Account
from billing.sandbox.checkout import paying, pressing, sessions, totals
from billing.sandbox.errors import Refused
from billing.sandbox.pages import html
from billing.sandbox.pages.html import Page, Redirect
from billing.sandbox.resources.cards import CARDS
from billing.sandbox.store import Row

ACTIONS: dict[str, Callable[..., Row]] = {
    "pay": pressing.pay,
    "decline": pressing.decline,
    "later": paying.pay_later,
    "cancel": sessions.current,
    "arrive": paying.arrive,
    "fail": paying.come_to_nothing,
    "code": paying.apply_code,
}


def show(account: Account, session_id: str) -> Page:
    return _page(account, sessions.current(account, session_id))


def press(account: Account, session_id: str, action: str, form: dict[str, str]) -> Page | Redirect:
    """A button of the page. `form` has what was typed or chosen beside it."""
    if action not in ACTIONS:
        raise Refused("There is no such page.", status=404)
    given = {"pay": ("card",), "code": ("code",)}.get(action, ())
    session = ACTIONS[action](
        account, session_id, **{name: form[name] for name in given if name in form}
    )
    if action == "code":
        return _page(account, session)
    if action in ("pay", "decline") and session["status"] == "open":
        return _page(account, session, "The card was declined. You can try again.")
    back = session["cancel_url"] if action == "cancel" else session["success_url"]
    if not back:
        return _page(account, session)
    return Redirect(back.replace("{CHECKOUT_SESSION_ID}", session["id"]))


def state(account: Account, session: Row) -> str:
    if paying.is_waiting(account, session):
        return "waiting for its money"
    if session["status"] == "complete" and session["mode"] != "setup":
        return "not paid" if session["payment_status"] == "unpaid" else "paid"
    return str(session["status"])


def what(session: Row) -> str:
    if session["mode"] == "setup":
        return "Save a card"
    return ", ".join(item["description"] for item in session["_items"])


def money(row: Row) -> str:
    if row["amount_total"] is None:
        return "nothing now"
    return to_text(row["amount_total"], row["currency"])


def _page(account: Account, session: Row, message: str = "") -> Page:
    if session["status"] == "open" and session["automatic_tax"]["enabled"]:
        session = totals.add_up(account, session, is_taxed=True)
    parts = [
        f'<section class="bill"><h1>{escape(what(session))}</h1>{_bill(session)}</section>',
        '<section class="pay">',
        html.message(message),
        _buttons(account, session),
        '<p class="quiet"><a href="/">All of the sandbox</a></p></section>',
    ]
    return html.page(
        f'<div class="checkout">{"".join(parts)}</div>',
        leads_to=(session["success_url"], session["cancel_url"]),
    )


def _bill(session: Row) -> str:
    if session["mode"] == "setup":
        return "<p>The card is kept for later. Nothing is charged now.</p>"
    lines = [
        (f"{item['description']} × {item['quantity']}", item["amount_subtotal"])
        for item in session["_items"]
    ]
    details = session["total_details"]
    if details["amount_discount"]:
        lines.append(("Discount", -details["amount_discount"]))
    if session["automatic_tax"]["enabled"]:
        lines.append(("Tax", details["amount_tax"]))
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td>{_signed(amount, session['currency'])}</td></tr>"
        for label, amount in lines
    )
    return (
        f'<p class="total">{money(session)}</p><table>{rows}'
        f'<tr class="sum"><td>Total</td><td>{money(session)}</td></tr></table>'
    )


def _signed(amount: int, currency: str) -> str:
    return f"−{to_text(-amount, currency)}" if amount < 0 else to_text(amount, currency)


def _buttons(account: Account, session: Row) -> str:
    at = f"/pay/{session['id']}"
    if session["status"] != "open":
        waiting = ""
        if paying.is_waiting(account, session):
            waiting = html.button(
                f"{at}/arrive", "The money arrives", kind="primary", hint="The payment succeeds."
            ) + html.button(f"{at}/fail", "It comes to nothing", hint="The payment fails.")
        return f"<p>This session is {escape(state(account, session))}.</p>{waiting}"
    return _promotion(session, at) + _pay(session, at)


def _pay(session: Row, at: str) -> str:
    if session["amount_total"] == 0:
        return html.button(f"{at}/pay", "Complete", kind="primary") + _cancel(at)
    cards = {
        token: f"{card.last4}: {card.label}" for token, card in CARDS.items() if card.can_be_saved
    }
    label = "Save card" if session["mode"] == "setup" else f"Pay {money(session)}"
    card = html.choice("card", "Test card", cards)
    later = ""
    if "sepa_debit" in session["payment_method_types"]:
        later = html.button(
            f"{at}/later", "Pay later", hint="By bank debit: the money arrives, or not, afterwards."
        )
    return (
        html.button(f"{at}/pay", label, kind="primary", fields=card)
        + html.button(f"{at}/decline", "Decline", hint="The card is refused; you can try again.")
        + later
        + _cancel(at)
    )


def _cancel(at: str) -> str:
    return html.button(f"{at}/cancel", "Cancel", hint="Back to the shop; nothing is paid.")


def _promotion(session: Row, at: str) -> str:
    if not session["allow_promotion_codes"]:
        return ""
    field = '<label>Promotion code <input name="code" required autocomplete="off"></label>'
    return html.button(f"{at}/code", "Apply", fields=field)
