"""Payment intents as programs make and confirm them."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.lists import listing
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import CardRefused, Refused
from billing.sandbox.resources import customers, intents, methods
from billing.sandbox.resources.amounts import check_charge
from billing.sandbox.resources.changes import applied
from billing.sandbox.resources.intents import INTENT
from billing.sandbox.store import Row

PATH = "/v1/payment_intents"
TEXTS = "description metadata receipt_email statement_descriptor statement_descriptor_suffix"
COPIED = (
    *TEXTS.split(),
    "amount",
    "currency",
    "customer",
    "setup_future_usage",
    "allowed_payment_method_types",
    "excluded_payment_method_types",
)
CONFIRMING = "off_session payment_method return_url"


def create(account: Account, wanted: Row) -> Row:
    check_charge(wanted["amount"], wanted["currency"], param="amount")
    if "customer" in wanted:
        customers.living(account, wanted["customer"])
    if not wanted.get("confirm") and wanted.get("off_session"):
        raise Refused("off_session needs confirm.", param="off_session")
    fields = {name: wanted[name] for name in COPIED if name in wanted}
    intent = intents.make(account, {**fields, "metadata": wanted.get("metadata") or {}})
    if wanted.get("confirm"):
        return _confirm(account, intent, wanted)
    if "payment_method" in wanted:
        method = _method(account, intent, wanted["payment_method"])
        intent.update(status="requires_confirmation", payment_method=method["id"])
        account.put(intent)
    return intent


def confirm(account: Account, wanted: Row, intent_id: str) -> Row:
    return _confirm(account, _own(account, intent_id, "confirm"), wanted)


def cancel(account: Account, wanted: Row, intent_id: str) -> Row:
    intent = _own(account, intent_id, "cancel")
    return intents.cancel(account, intent, reason=wanted.get("cancellation_reason"))


def update(account: Account, wanted: Row, intent_id: str) -> Row:
    intent = _own(account, intent_id, "update")
    if "amount" in wanted and intent["status"] not in intents.PAYABLE:
        raise _unexpected(intent, "update")
    amount: int = wanted.get("amount") or intent["amount"]
    check_charge(amount, intent["currency"], param="amount")
    return account.put(applied(intent, wanted))


def _confirm(account: Account, intent: Row, wanted: Row) -> Row:
    if intent["status"] not in intents.PAYABLE:
        raise _unexpected(intent, "confirm")
    given = wanted.get("payment_method", intent["payment_method"])
    if not given:
        raise Refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
            param="payment_method",
        )
    method = _method(account, intent, given)
    off_session = bool(wanted.get("off_session"))
    error = intents.attempt(account, intent, method, off_session=off_session)
    if error:
        raise CardRefused(error)
    if intent["status"] == "requires_action":
        intents.ask(intent, return_url=wanted.get("return_url"))
        account.put(intent)
    return intent


def _method(account: Account, intent: Row, method_id: str) -> Row:
    method = methods.usable(account, method_id)
    if method["customer"] and method["customer"] != intent["customer"]:
        raise Refused(
            f"The payment method {method['id']} belongs to a customer. Please include that "
            "customer on the PaymentIntent.",
            param="payment_method",
        )
    return method


def _own(account: Account, intent_id: str, deed: str) -> Row:
    intent = account.get(INTENT, intent_id)
    if intent["_session"]:
        raise Refused(
            f"You cannot {deed} this PaymentIntent: it was created by a Checkout Session. "
            "Expire the session instead.",
            code="payment_intent_unexpected_state",
        )
    if intent["_invoice"]:
        raise Refused(
            "The payment sandbox pays an invoice by its own page or /pay.",
            code="sandbox_unsupported",
        )
    return intent


def _unexpected(intent: Row, deed: str) -> Refused:
    return Refused(
        f"You cannot {deed} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
    )


ROUTES = (
    Route(
        "POST",
        PATH,
        "PaymentIntentCreateParams",
        f"{TEXTS} {CONFIRMING} amount confirm currency customer setup_future_usage "
        "allowed_payment_method_types excluded_payment_method_types "
        "automatic_payment_methods.enabled automatic_payment_methods.allow_redirects",
        create,
    ),
    listing(INTENT, PATH, "PaymentIntentListParams", by="customer"),
    retrieving(INTENT, PATH, "PaymentIntentRetrieveParams"),
    Route("POST", f"{PATH}/{{}}", "PaymentIntentUpdateParams", f"{TEXTS} amount", update),
    Route("POST", f"{PATH}/{{}}/confirm", "PaymentIntentConfirmParams", CONFIRMING, confirm),
    Route(
        "POST", f"{PATH}/{{}}/cancel", "PaymentIntentCancelParams", "cancellation_reason", cancel
    ),
)
