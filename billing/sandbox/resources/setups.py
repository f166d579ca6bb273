"""Setup intents: a card kept for later, with nothing charged now."""

from __future__ import annotations

import secrets

from billing.sandbox.account import Account, shown
from billing.sandbox.api.lists import listing
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import CardRefused, Refused
from billing.sandbox.resources import customers, methods
from billing.sandbox.resources.cards import refusal_of
from billing.sandbox.store import Row

SETUP = "setup_intent"
PATH = "/v1/setup_intents"
OPEN = ("requires_payment_method", "requires_confirmation")


def make(account: Account, fields: Row) -> Row:
    setup: Row = {
        "application": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "cancellation_reason": None,
        "customer": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    row = account.new(SETUP, "seti", {**setup, **fields})
    row["client_secret"] = f"{row['id']}_secret_{secrets.token_urlsafe(18)}"
    return account.changed("setup_intent.created", row)


def attempt(account: Account, setup: Row, method: Row) -> Row | None:
    """Keep the card. What it answers if it refuses, None if it does not."""
    if not method["_can_be_saved"]:
        error = refusal_of(method)
        setup["last_setup_error"] = {**error, "payment_method": shown(method)}
        setup["status"] = "requires_payment_method"
        account.changed("setup_intent.setup_failed", setup)
        return {**error, "setup_intent": shown(setup), "payment_method": shown(method)}
    if setup["customer"] and not method["customer"]:
        methods.give(account, method, setup["customer"])
    setup.update(status="succeeded", payment_method=method["id"], last_setup_error=None)
    account.changed("setup_intent.succeeded", setup)
    return None


def create(account: Account, wanted: Row) -> Row:
    if "customer" in wanted:
        customers.living(account, wanted["customer"])
    names = ("customer", "description", "usage")
    fields = {name: wanted[name] for name in names if name in wanted}
    setup = make(account, {**fields, "metadata": wanted.get("metadata") or {}})
    if wanted.get("confirm"):
        return confirm(account, wanted, setup["id"])
    return setup


def confirm(account: Account, wanted: Row, setup_id: str) -> Row:
    setup = _open(account, setup_id, "confirm")
    if "payment_method" not in wanted:
        raise Refused("A payment method is missing.", param="payment_method")
    error = attempt(account, setup, methods.usable(account, wanted["payment_method"]))
    if error:
        raise CardRefused(error)
    return setup


def cancel(account: Account, wanted: Row, setup_id: str) -> Row:
    setup = _open(account, setup_id, "cancel")
    setup.update(status="canceled", cancellation_reason=wanted.get("cancellation_reason"))
    return account.changed("setup_intent.canceled", setup)


def _open(account: Account, setup_id: str, deed: str) -> Row:
    setup = account.get(SETUP, setup_id)
    if setup["status"] not in OPEN:
        raise Refused(
            f"You cannot {deed} this SetupIntent because it has a status of {setup['status']}.",
            code="setup_intent_unexpected_state",
        )
    return setup


ROUTES = (
    Route(
        "POST",
        PATH,
        "SetupIntentCreateParams",
        "confirm customer description metadata payment_method usage return_url "
        "automatic_payment_methods.enabled automatic_payment_methods.allow_redirects",
        create,
    ),
    listing(SETUP, PATH, "SetupIntentListParams", by="customer payment_method"),
    retrieving(SETUP, PATH, "SetupIntentRetrieveParams"),
    Route(
        "POST",
        f"{PATH}/{{}}/confirm",
        "SetupIntentConfirmParams",
        "payment_method return_url",
        confirm,
    ),
    Route("POST", f"{PATH}/{{}}/cancel", "SetupIntentCancelParams", "cancellation_reason", cancel),
)
