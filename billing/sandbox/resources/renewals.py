"""What a subscription owes: an invoice each period, tried again for a while if its card refuses."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.errors import Refused
from billing.sandbox.resources import intents, invoices, subscriptions
from billing.sandbox.resources.cards import AUTHENTICATE, METHOD
from billing.sandbox.resources.customers import CUSTOMER
from billing.sandbox.resources.subscriptions import SUBSCRIPTION
from billing.sandbox.store import Row

DAY = 24 * 3600
# Days until each next attempt; after the last the subscription is canceled.
RETRY_DAYS = (3, 5, 7)


def invoice_of(account: Account, subscription: Row, items: list[Row], *, reason: str) -> Row:
    """The invoice of the subscription's current period. `items` have the amounts."""
    lines = []
    for item, part in zip(items, subscription["items"]["data"], strict=True):
        period = {"start": part["current_period_start"], "end": part["current_period_end"]}
        lines.append(invoices.line(item, period=period, parent=_parent(subscription, part)))
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    customer = account.get(CUSTOMER, subscription["customer"])
    fields = {
        "auto_advance": True,
        "billing_reason": reason,
        "currency": subscription["currency"],
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "parent": {
            "quote_details": None,
            "subscription_details": details,
            "type": "subscription_details",
        },
    }
    invoice = invoices.make(account, fields, lines)
    subscription["latest_invoice"] = invoice["id"]
    account.put(subscription)
    return invoice


def renew(account: Account, subscription: Row) -> None:
    """The period is over: the next one begins, or nothing does."""
    if subscription["cancel_at_period_end"]:
        subscriptions.end(account, subscription, reason="cancellation_requested")
        return
    subscriptions.set_period(subscription, subscription["_period"] + 1)
    account.changed("customer.subscription.updated", subscription)
    items = [_undiscounted(account, item) for item in subscription["items"]["data"]]
    invoice = invoice_of(account, subscription, items, reason="subscription_cycle")
    collect(account, invoice)


def collect(account: Account, invoice: Row, *, method: Row | None = None) -> Row | None:
    """Charge the card on file, or the one given. The card's error if it refuses."""
    if invoice["status"] != "open":
        raise Refused("Invoice is already paid.", code="invoice_already_paid")
    subscription = account.get(SUBSCRIPTION, invoices.subscription_of(invoice) or "")
    if not invoice["amount_due"]:
        invoices.pay(account, invoice, None)
        return None
    method = method or _method(account, subscription)
    intent = _intent(account, invoice)
    if method is None:
        _failed(account, invoice, subscription)
        return {"type": "card_error", "message": "There is no card on file."}
    error = intents.attempt(account, intent, method, off_session=True)
    if error:
        _failed(account, invoice, subscription, is_authentication=error["code"] == AUTHENTICATE)
        return error
    invoices.pay(account, invoice, intent)
    if subscription["status"] == "past_due":
        subscription["status"] = "active"
        account.changed("customer.subscription.updated", subscription)
    return None


def _failed(
    account: Account, invoice: Row, subscription: Row, *, is_authentication: bool = False
) -> None:
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    left = RETRY_DAYS[invoice["attempt_count"] - 1 :]
    invoice["next_payment_attempt"] = account.now() + left[0] * DAY if left else None
    account.changed("invoice.payment_failed", invoice)
    if is_authentication:
        account.emit("invoice.payment_action_required", invoice)
    if subscription["status"] not in subscriptions.LIVING:
        return
    if not left:
        subscriptions.end(account, subscription, reason="payment_failed")
    elif subscription["status"] != "past_due":
        subscription["status"] = "past_due"
        account.changed("customer.subscription.updated", subscription)


def _method(account: Account, subscription: Row) -> Row | None:
    settings = account.get(CUSTOMER, subscription["customer"])["invoice_settings"]
    for method_id in (subscription["default_payment_method"], settings["default_payment_method"]):
        method = account.store.get(METHOD, method_id or "")
        if method and method["customer"] == subscription["customer"]:
            return method
    return None


def _intent(account: Account, invoice: Row) -> Row:
    if invoice["_intent"]:
        return account.get(intents.INTENT, invoice["_intent"])
    intent = intents.make(
        account,
        {
            "amount": invoice["amount_due"],
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "description": "Subscription update",
            "setup_future_usage": "off_session",
            "_invoice": invoice["id"],
        },
    )
    invoice["_intent"] = intent["id"]
    account.put(invoice)
    return intent


def _parent(subscription: Row, item: Row) -> Row:
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": subscription["id"],
            "subscription_item": item["id"],
        },
        "type": "subscription_item_details",
    }


def _undiscounted(account: Account, item: Row) -> Row:
    """Discounts of Checkout are for the first invoice; tax the sandbox adds in Checkout only."""
    amount = item["price"]["unit_amount"] * item["quantity"]
    product = account.get("product", item["price"]["product"])
    return {
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": item["price"]["currency"],
        "description": product["name"],
        "price": item["price"],
        "quantity": item["quantity"],
    }
