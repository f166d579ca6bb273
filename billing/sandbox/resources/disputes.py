"""A buyer's bank takes the money back, or asks first: inquiries move no money."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.lists import listing
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import Refused
from billing.sandbox.resources import balance
from billing.sandbox.resources.changes import merged
from billing.sandbox.resources.charges import CHARGE
from billing.sandbox.store import Row

DISPUTE = "dispute"
WARNING = "radar.early_fraud_warning"
PATH = "/v1/disputes"
FEE = 1500
DAYS_TO_ANSWER = 7
REASONS = (
    "fraudulent",
    "bank_cannot_process",
    "credit_not_processed",
    "duplicate",
    "general",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
INQUIRIES = ("warning_needs_response", "warning_under_review")
OPEN = ("needs_response", "under_review")


def open_dispute(
    account: Account, charge_id: str, *, reason: str, amount: int | None, inquiry: bool
) -> Row:
    charge = account.get(CHARGE, charge_id, param="charge")
    earlier = [one for one in account.all(DISPUTE, charge=charge_id) if one["status"] in OPEN]
    if charge["status"] != "succeeded" or earlier:
        raise Refused("This charge cannot be disputed now.", param="charge")
    if reason not in REASONS:
        raise Refused(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    amount = charge["amount"] if amount is None else amount
    if not 0 < amount <= charge["amount"]:
        raise Refused("A dispute is over up to the charge's amount.", param="amount")
    account.put({**charge, "disputed": True})
    row = account.new(DISPUTE, "du", _fields(account, charge, amount, reason, inquiry))
    account.emit("charge.dispute.created", row)
    return row if inquiry else _withdraw(account, row)


def escalate(account: Account, dispute_id: str) -> Row:
    """The inquiry becomes a chargeback."""
    row = _in(account, dispute_id, INQUIRIES)
    row["status"] = "needs_response"
    row["is_charge_refundable"] = False
    account.changed("charge.dispute.updated", row)
    return _withdraw(account, row)


def close(account: Account, dispute_id: str, *, won: bool) -> Row:
    row = _in(account, dispute_id, (*INQUIRIES, *OPEN))
    if row["status"] in INQUIRIES:
        row["status"] = "warning_closed"
        return account.changed("charge.dispute.closed", row)
    row["status"] = "won" if won else "lost"
    if won:
        _move(account, row, row["amount"], category="dispute_reversal", fee=0)
        account.changed("charge.dispute.funds_reinstated", row)
    return account.changed("charge.dispute.closed", row)


def accept(account: Account, _wanted: Row, dispute_id: str) -> Row:
    return close(account, dispute_id, won=False)


def update(account: Account, wanted: Row, dispute_id: str) -> Row:
    """Evidence for the bank. `submit` sends it, and it is looked at."""
    row = _in(account, dispute_id, (*INQUIRIES, *OPEN))
    row["evidence"].update(wanted.get("evidence", {}))
    row["evidence_details"]["has_evidence"] = any(
        value for name, value in row["evidence"].items() if name != "enhanced_evidence"
    )
    if wanted.get("submit", True) and "evidence" in wanted:
        row["status"] = row["status"].replace("needs_response", "under_review")
        row["evidence_details"]["submission_count"] += 1
        row["evidence_details"]["submission_method"] = "manual"
    row["metadata"] = merged(row["metadata"], wanted.get("metadata", {}))
    return account.changed("charge.dispute.updated", row)


def warn(account: Account, charge_id: str) -> Row:
    """The card network thinks that this charge is fraud; a dispute may follow."""
    charge = account.get(CHARGE, charge_id, param="charge")
    row = account.new(
        WARNING,
        "issfr",
        {
            "actionable": not charge["refunded"] and not charge["disputed"],
            "charge": charge["id"],
            "fraud_type": "unauthorized_use_of_card",
            "payment_intent": charge["payment_intent"],
        },
    )
    account.emit("radar.early_fraud_warning.created", row)
    return row


def takes_money(row: Row) -> bool:
    return row["status"] in (*OPEN, "lost")


def _withdraw(account: Account, row: Row) -> Row:
    _move(account, row, -row["amount"], category="dispute", fee=FEE)
    return account.changed("charge.dispute.funds_withdrawn", row)


def _move(account: Account, row: Row, amount: int, *, category: str, fee: int) -> None:
    moved = balance.record(account, amount, kind="adjustment", of=row, category=category, fee=fee)
    row["balance_transactions"] = [*row["balance_transactions"], moved]


def _in(account: Account, dispute_id: str, statuses: tuple[str, ...]) -> Row:
    row = account.get(DISPUTE, dispute_id)
    if row["status"] not in statuses:
        raise Refused(f"This dispute is {row['status']}.", param="dispute")
    return row


def _fields(account: Account, charge: Row, amount: int, reason: str, inquiry: bool) -> Row:
    return {
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": account.now() + DAYS_TO_ANSWER * 24 * 3600,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": "visa",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


ROUTES = (
    listing(DISPUTE, PATH, "DisputeListParams", by="charge payment_intent"),
    retrieving(DISPUTE, PATH, "DisputeRetrieveParams"),
    Route("POST", f"{PATH}/{{}}", "DisputeUpdateParams", "evidence metadata submit", update),
    Route("POST", f"{PATH}/{{}}/close", "DisputeCloseParams", "", accept),
    listing(
        WARNING,
        "/v1/radar/early_fraud_warnings",
        "radar.EarlyFraudWarningListParams",
        by="charge payment_intent",
    ),
    retrieving(WARNING, "/v1/radar/early_fraud_warnings", "radar.EarlyFraudWarningRetrieveParams"),
)
