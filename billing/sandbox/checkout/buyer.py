"""Who the buyer is: what they type into the form, and the customer that they become."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.resources import customers
from billing.sandbox.store import Row

BUYER = {
    "name": "Sandbox Buyer",
    "address": {
        "city": "Springfield",
        "country": "US",
        "line1": "1 Sandbox Street",
        "line2": None,
        "postal_code": "97477",
        "state": "OR",
    },
}
EMAIL = "buyer@sandbox.invalid"


def enter(account: Account, session: Row) -> None:
    """Fill in the form; make a customer where one is needed, and write down what Checkout may."""
    email = session["customer_email"] or EMAIL
    if not session["customer"] and _wants_customer(session):
        session["customer"] = customers.create(account, {"email": email, **BUYER})["id"]
    if session["customer"]:
        customer = customers.living(account, session["customer"])
        email = customer["email"] or email
        update = session["_customer_update"]
        changes = {name: BUYER[name] for name in BUYER if update.get(name) == "auto"}
        if changes:
            account.changed("customer.updated", {**customer, **changes})
    session["customer_details"] = {
        **BUYER,
        "email": email,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def billing(session: Row) -> Row:
    return {name: session["customer_details"][name] for name in ("address", "email", "name")}


def _wants_customer(session: Row) -> bool:
    return bool(
        session["mode"] == "subscription"
        or session["customer_creation"] == "always"
        or "setup_future_usage" in session["_payment_intent_data"]
        or session["invoice_creation"]["enabled"]
    )
