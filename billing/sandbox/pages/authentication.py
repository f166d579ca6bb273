"""The page of the buyer's bank, where a payment is confirmed in person."""

from __future__ import annotations

from urllib.parse import urlencode

from billing.currencies import to_text
from billing.sandbox.account import Account
from billing.sandbox.errors import Refused
from billing.sandbox.pages import html
from billing.sandbox.pages.html import Page, Redirect
from billing.sandbox.resources import intents
from billing.sandbox.store import Row

ACTIONS = {"complete": True, "fail": False}


def show(account: Account, intent_id: str) -> Page:
    return _page(account.get(intents.INTENT, intent_id))


def press(account: Account, intent_id: str, action: str, _form: dict[str, str]) -> Page | Redirect:
    if action not in ACTIONS:
        raise Refused("There is no such page.", status=404)
    intent = account.get(intents.INTENT, intent_id)
    back = _return_url(intent)
    intent = intents.authenticated(account, intent, succeeds=ACTIONS[action])
    if not back:
        return _page(intent)
    query = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if ACTIONS[action] else "failed",
    }
    return Redirect(f"{back}{'&' if '?' in back else '?'}{urlencode(query)}")


def _page(intent: Row) -> Page:
    price = to_text(intent["amount"], intent["currency"])
    if intent["status"] != "requires_action":
        return html.page(f"<h1>{price}</h1><p>This payment is {intent['status']}.</p>")
    at = f"/authenticate/{intent['id']}"
    return html.page(
        f"<h1>Your bank asks: pay {price}?</h1>"
        + html.button(f"{at}/complete", "Complete authentication", kind="primary")
        + html.button(f"{at}/fail", "Fail authentication"),
        leads_to=[_return_url(intent)],
    )


def _return_url(intent: Row) -> str | None:
    if intent["status"] != "requires_action" or not intent["next_action"]:
        return None
    found: str | None = intent["next_action"]["redirect_to_url"]["return_url"]
    return found
