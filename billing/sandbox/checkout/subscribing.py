"""Sessions that begin a subscription."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.checkout import buyer, totals
from billing.sandbox.resources import cards, intents, invoices, methods, promotions, renewals
from billing.sandbox.resources import subscriptions as subs
from billing.sandbox.store import Row


def subscribe(account: Account, session: Row, *, card: str) -> Row:
    """A card that refuses leaves the session open for another try, and no subscription."""
    buyer.enter(account, session)
    totals.settle_tax(account, session)
    method = cards.make_card(account, card, details=buyer.billing(session))
    intent = _intent(account, session) if session["amount_total"] else None
    if not method["_can_be_saved"]:
        if intent:
            intents.fail(account, intent, method)
        return account.put(session)
    methods.give(account, method, session["customer"])
    subscription = subs.make(
        account,
        customer=session["customer"],
        items=session["_items"],
        method=method,
        data=session["_subscription_data"],
    )
    invoice = renewals.invoice_of(
        account, subscription, session["_items"], reason="subscription_create"
    )
    if intent:
        intents.succeed(account, intent, method)
        invoice["_intent"] = intent["id"]
    invoices.pay(account, invoice, intent)
    subscription["status"] = "active"
    account.changed("customer.subscription.created", subscription)
    promotions.redeem(account, session["discounts"])
    session.update(
        invoice=invoice["id"],
        payment_status="paid" if session["amount_total"] else "no_payment_required",
        status="complete",
        subscription=subscription["id"],
        url=None,
    )
    return account.changed("checkout.session.completed", session)


def _intent(account: Account, session: Row) -> Row:
    """Of the first invoice. The session of a subscription does not name it."""
    if session["_intent"]:
        return {
            **account.get(intents.INTENT, session["_intent"]),
            "amount": session["amount_total"],
        }
    intent = intents.make(
        account,
        {
            "amount": session["amount_total"],
            "currency": session["currency"],
            "customer": session["customer"],
            "description": "Subscription creation",
            "setup_future_usage": "off_session",
            "_session": session["id"],
        },
    )
    session["_intent"] = intent["id"]
    return intent
