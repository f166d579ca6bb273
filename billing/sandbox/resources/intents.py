"""Payment intents: one buyer, one amount, as many attempts as it takes."""

from __future__ import annotations

import secrets

from billing.sandbox.account import HERE, Account, shown
from billing.sandbox.errors import Refused
from billing.sandbox.resources import charges, disputes, methods
from billing.sandbox.resources.cards import AUTHENTICATE, METHOD, refusal_of
from billing.sandbox.store import Row

INTENT = "payment_intent"
PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def make(account: Account, fields: Row) -> Row:
    intent: Row = {
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "customer": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card", "sepa_debit"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        # What it was made by, if not by a program.
        "_session": None,
        "_invoice": None,
    }
    row = account.new(INTENT, "pi", {**intent, **fields})
    row["client_secret"] = f"{row['id']}_secret_{secrets.token_urlsafe(18)}"
    account.changed("payment_intent.created", row)
    return row


def attempt(account: Account, intent: Row, method: Row, *, off_session: bool) -> Row | None:
    """Try to take the money now. What the card answers if it refuses, None if it does not.

    A card that asks for authentication gets it while the buyer is there: the intent then waits
    in `requires_action`.
    """
    intent["payment_method"] = method["id"]
    if method["_outcome"] == AUTHENTICATE and not off_session:
        intent.update(status="requires_action", last_payment_error=None)
        account.changed("payment_intent.requires_action", intent)
        return None
    if method["_outcome"] != "succeed":
        return fail(account, intent, method)
    succeed(account, intent, method)
    return None


def succeed(account: Account, intent: Row, method: Row) -> Row:
    """The money is taken, and the method kept if the buyer agreed to that."""
    if intent["setup_future_usage"] and intent["customer"] and not method["customer"]:
        methods.give(account, method, intent["customer"])
    charge = charges.succeed(account, intent, method)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        next_action=None,
        payment_method=method["id"],
        processing=None,
    )
    account.changed("payment_intent.succeeded", intent)
    if method["_after"] in ("dispute", "inquiry"):
        is_inquiry = method["_after"] == "inquiry"
        disputes.open_dispute(
            account, charge["id"], reason="fraudulent", amount=None, inquiry=is_inquiry
        )
    return intent


def process(account: Account, intent: Row, method: Row) -> Row:
    """A delayed method: the bank has been told."""
    intent.update(status="processing", payment_method=method["id"], last_payment_error=None)
    return account.changed("payment_intent.processing", intent)


def fail(account: Account, intent: Row, method: Row) -> Row:
    """Leaves a failed charge and the intent for another try; the error, as Stripe writes it."""
    charge = charges.fail(account, intent, method)
    error = refusal_of(method, charge=charge)
    intent.update(
        status="requires_payment_method",
        last_payment_error={**error, "payment_method": shown(method)},
        latest_charge=charge["id"],
        next_action=None,
        payment_method=None,
        processing=None,
    )
    account.changed("payment_intent.payment_failed", intent)
    return {**error, "payment_intent": shown(intent), "payment_method": shown(method)}


def cancel(account: Account, intent: Row, *, reason: str | None) -> Row:
    if intent["status"] not in PAYABLE:
        raise Refused(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    intent.update(
        status="canceled",
        canceled_at=account.now(),
        cancellation_reason=reason,
        next_action=None,
    )
    return account.changed("payment_intent.canceled", intent)


# --- authentication by the buyer
def ask(intent: Row, *, return_url: str | None) -> None:
    """Where the buyer goes to authenticate: a page of ours that leads back."""
    page = {"return_url": return_url, "url": f"{HERE}/authenticate/{intent['id']}"}
    intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": page}


def authenticated(account: Account, intent: Row, *, succeeds: bool) -> Row:
    """The buyer has been at the page."""
    if intent["status"] != "requires_action":
        raise Refused("This payment does not wait for authentication.")
    method = account.get(METHOD, intent["payment_method"])
    if succeeds:
        return succeed(account, intent, method)
    fail(account, intent, method)
    return intent
