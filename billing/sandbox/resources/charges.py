"""Attempts to take money: one charge each, successful or not."""

from __future__ import annotations

from billing.sandbox.account import HERE, Account
from billing.sandbox.api.lists import listing
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.resources import balance
from billing.sandbox.resources.cards import refusal_of
from billing.sandbox.resources.changes import applied
from billing.sandbox.store import Row

CHARGE = "charge"
PATH = "/v1/charges"


def succeed(account: Account, intent: Row, method: Row) -> Row:
    charge = account.new(CHARGE, "ch", _fields(intent, method))
    fee = balance.fee_of(charge["amount"])
    transaction = balance.record(account, charge["amount"], kind="charge", of=charge, fee=fee)
    charge["balance_transaction"] = transaction["id"]
    charge["receipt_url"] = f"{HERE}/receipts/{charge['id']}"
    return account.changed("charge.succeeded", charge)


def fail(account: Account, intent: Row, method: Row) -> Row:
    error = refusal_of(method)
    failed = {
        "amount_captured": 0,
        "captured": False,
        "failure_code": error["code"],
        "failure_message": error["message"],
        "outcome": {
            "advice_code": error["advice_code"],
            "network_status": "declined_by_network",
            "reason": error["decline_code"],
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details.",
            "type": "issuer_declined",
        },
        "paid": False,
        "status": "failed",
    }
    charge = account.new(CHARGE, "ch", {**_fields(intent, method), **failed})
    return account.changed("charge.failed", charge)


def update(account: Account, wanted: Row, charge_id: str) -> Row:
    return account.changed("charge.updated", applied(account.get(CHARGE, charge_id), wanted))


def _fields(intent: Row, method: Row) -> Row:
    kind = method["type"]
    return {
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SANDBOX",
        "captured": True,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": {
            "advice_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": kind, kind: _details(method)},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
        "_after": method["_after"],
    }


def _details(method: Row) -> Row:
    if method["type"] != "card":
        debit = ("bank_code", "branch_code", "country", "fingerprint", "last4")
        return {"mandate": None, **{name: method["sepa_debit"][name] for name in debit}}
    names = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    card = {name: method["card"][name] for name in (*names, "last4", "wallet")}
    return {**card, "mandate": None, "network": "visa", "three_d_secure": None}


ROUTES = (
    listing(CHARGE, PATH, "ChargeListParams", by="customer payment_intent"),
    retrieving(CHARGE, PATH, "ChargeRetrieveParams"),
    Route("POST", f"{PATH}/{{}}", "ChargeUpdateParams", "description metadata", update),
)
