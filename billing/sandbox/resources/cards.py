"""Test cards: Stripe's own tokens, with what each does."""

from __future__ import annotations

from typing import NamedTuple

from billing.sandbox.account import Account
from billing.sandbox.store import Row

METHOD = "payment_method"
AUTHENTICATE = "authentication_required"


class Card(NamedTuple):
    last4: str
    outcome: str  # of a charge: "succeed", or a key of REFUSALS
    label: str
    can_be_saved: bool = True
    after: str = ""  # what happens to a charge afterwards


class Refusal(NamedTuple):
    code: str
    decline_code: str
    message: str
    advice: str = "try_again_later"


CARDS = {
    "pm_card_visa": Card("4242", "succeed", "always works"),
    "pm_card_chargeCustomerFail": Card("0341", "card_declined", "is declined when charged later"),
    "pm_card_authenticationRequired": Card(
        "3184", AUTHENTICATE, "asks for authentication when charged later"
    ),
    "pm_card_chargeDeclined": Card("0002", "card_declined", "is declined", can_be_saved=False),
    "pm_card_chargeDeclinedInsufficientFunds": Card(
        "9995", "insufficient_funds", "has too little money", can_be_saved=False
    ),
    "pm_card_chargeDeclinedLostCard": Card("9987", "lost_card", "is lost", can_be_saved=False),
    "pm_card_chargeDeclinedExpiredCard": Card(
        "0069", "expired_card", "has expired", can_be_saved=False
    ),
    "pm_card_createDispute": Card("0259", "succeed", "is disputed at once", after="dispute"),
    "pm_card_createDisputeInquiry": Card(
        "1976", "succeed", "brings an inquiry at once", after="inquiry"
    ),
    "pm_card_pendingRefund": Card(
        "7726", "succeed", "is refunded with delay", after="pending_refund"
    ),
    "pm_card_refundFail": Card("5126", "succeed", "cannot be refunded", after="failed_refund"),
}
REFUSALS = {
    "card_declined": Refusal("card_declined", "generic_decline", "Your card was declined."),
    "insufficient_funds": Refusal(
        "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "lost_card": Refusal(
        "card_declined", "lost_card", "Your card was declined.", "do_not_try_again"
    ),
    "expired_card": Refusal(
        "expired_card", "expired_card", "Your card has expired.", "do_not_try_again"
    ),
    AUTHENTICATE: Refusal(
        AUTHENTICATE,
        AUTHENTICATE,
        "Your card was declined. This transaction requires authentication.",
        "confirm_card_data",
    ),
}
OUTCOMES = ("succeed", *REFUSALS)


def make_card(account: Account, token: str, *, details: Row | None = None) -> Row:
    """A payment method of that test card. Nobody's yet."""
    card = CARDS[token]
    return _make(
        account,
        "card",
        {
            "brand": "visa",
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "display_brand": "visa",
            "exp_month": 12,
            "exp_year": 2040,
            "fingerprint": f"Sandbox{card.last4}",
            "funding": "credit",
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": ["visa"], "preferred": None},
            "regulated_status": None,
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        details=details,
        hidden={
            "_outcome": card.outcome,
            "_after": card.after,
            "_can_be_saved": card.can_be_saved,
        },
    )


def make_bank_debit(account: Account, *, details: Row | None = None) -> Row:
    """A delayed method: its money arrives, or not, days later."""
    debit = {
        "bank_code": "37040044",
        "branch_code": "",
        "country": "DE",
        "fingerprint": "SandboxDebit",
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": "3000",
    }
    hidden = {"_outcome": "succeed", "_after": "pending_refund", "_can_be_saved": True}
    return _make(account, "sepa_debit", debit, details=details, hidden=hidden)


def refusal_of(method: Row, *, charge: Row | None = None) -> Row:
    """The error that an attempt with this method meets, as Stripe writes it."""
    refusal = REFUSALS[method["_outcome"]]
    return {
        "type": "card_error",
        "advice_code": refusal.advice,
        "charge": charge["id"] if charge else None,
        "code": refusal.code,
        "decline_code": refusal.decline_code,
        "doc_url": f"https://docs.stripe.com/error-codes/{refusal.code.replace('_', '-')}",
        "message": refusal.message,
    }


def _make(account: Account, kind: str, of_kind: Row, *, details: Row | None, hidden: Row) -> Row:
    nobody = {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
    fields = {
        "allow_redisplay": "unspecified",
        "billing_details": {**nobody, **(details or {})},
        "customer": None,
        "metadata": {},
        "type": kind,
        kind: of_kind,
        "_detached": False,
    }
    return account.new(METHOD, "pm", {**fields, **hidden})
