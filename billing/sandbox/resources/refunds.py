"""Money back to the buyer. It may take its time, and it may come back to us."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.lists import listing
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import Refused
from billing.sandbox.resources import balance
from billing.sandbox.resources.changes import applied
from billing.sandbox.resources.charges import CHARGE
from billing.sandbox.resources.disputes import takes_money
from billing.sandbox.store import Row

REFUND = "refund"
PATH = "/v1/refunds"
UNFINISHED = ("pending", "requires_action")
# What becomes of refunds to some cards by themselves: after how many seconds, and what.
LATER = {"pending_refund": (3 * 24 * 3600, "succeeded"), "failed_refund": (3600, "failed")}


def create(account: Account, wanted: Row) -> Row:
    charge = _charge(account, wanted)
    amount = _amount(account, charge, wanted)
    kind = charge["payment_method_details"]["type"]
    refund: Row = {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "currency": charge["currency"],
        "destination_details": {
            "type": kind,
            **({"card": _destination()} if kind == "card" else {}),
        },
        "metadata": wanted.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": wanted.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if charge["_after"] == "pending_refund" else "succeeded",
        "transfer_reversal": None,
        "_later": _later(account, charge),
    }
    if refund["status"] == "pending":
        refund["pending_reason"] = "processing"
    row = account.new(REFUND, "re", refund)
    back = balance.record(account, -amount, kind="refund", of=row)
    row["balance_transaction"] = back["id"]
    account.changed("refund.created", row)
    _give_back(account, charge, amount)
    return row


def update(account: Account, wanted: Row, refund_id: str) -> Row:
    return account.changed("refund.updated", applied(account.get(REFUND, refund_id), wanted))


def finish(account: Account, refund_id: str, status: str) -> Row:
    """What the bank says in the end: succeeded, failed, canceled, or requires_action before."""
    row = account.get(REFUND, refund_id)
    # A refund that had succeeded may come back from a closed account, a failed one no more.
    allowed = row["status"] in UNFINISHED or (row["status"], status) == ("succeeded", "failed")
    if not allowed or status not in ("succeeded", "failed", "canceled", "requires_action"):
        raise Refused(f"A refund does not go from {row['status']} to {status}.")
    row.pop("pending_reason", None)
    row["status"] = status
    row["_later"] = None
    if status in ("failed", "canceled"):
        return _come_back(account, row)
    return account.changed("refund.updated", row)


def _come_back(account: Account, row: Row) -> Row:
    returned = balance.record(account, row["amount"], kind="refund_failure", of=row)
    row["failure_balance_transaction"] = returned["id"]
    if row["status"] == "failed":
        row["failure_reason"] = "expired_or_canceled_card"
    charge = account.get(CHARGE, row["charge"])
    charge["amount_refunded"] -= row["amount"]
    charge["refunded"] = False
    account.put(charge)
    account.changed("refund.updated", row)
    if row["status"] == "failed":
        account.emit("refund.failed", row)
    return row


def _charge(account: Account, wanted: Row) -> Row:
    if ("charge" in wanted) == ("payment_intent" in wanted):
        raise Refused("Pass one of charge and payment_intent.", param="payment_intent")
    if "charge" in wanted:
        charge = account.get(CHARGE, wanted["charge"], param="charge")
    else:
        intent = account.get("payment_intent", wanted["payment_intent"], param="payment_intent")
        if intent["status"] != "succeeded":
            raise Refused(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        charge = account.get(CHARGE, intent["latest_charge"])
    if charge["status"] != "succeeded":
        raise Refused(f"Charge {charge['id']} did not succeed.", param="charge")
    return charge


def _amount(account: Account, charge: Row, wanted: Row) -> int:
    left: int = charge["amount"] - charge["amount_refunded"]
    if not left:
        raise Refused(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if any(takes_money(dispute) for dispute in account.all("dispute", charge=charge["id"])):
        raise Refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    amount: int = wanted.get("amount", left)
    if not 0 < amount <= left:
        raise Refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    return amount


def _give_back(account: Account, charge: Row, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.changed("charge.refunded", charge)
    for warning in account.all("radar.early_fraud_warning", charge=charge["id"], actionable=True):
        if charge["refunded"]:
            account.changed("radar.early_fraud_warning.updated", {**warning, "actionable": False})


def _later(account: Account, charge: Row) -> Row | None:
    if charge["_after"] not in LATER:
        return None
    seconds, status = LATER[charge["_after"]]
    return {"at": account.now() + seconds, "status": status}


def _destination() -> Row:
    return {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }


ROUTES = (
    Route(
        "POST", PATH, "RefundCreateParams", "amount charge metadata payment_intent reason", create
    ),
    listing(REFUND, PATH, "RefundListParams", by="charge payment_intent"),
    retrieving(REFUND, PATH, "RefundRetrieveParams"),
    Route("POST", f"{PATH}/{{}}", "RefundUpdateParams", "metadata", update),
)
