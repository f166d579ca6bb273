"""What only the world outside can do: banks, card holders, time, the network. No part of Stripe."""

from __future__ import annotations

import re
from collections.abc import Callable

from billing.sandbox import clock, faults
from billing.sandbox.account import EVENT, Account
from billing.sandbox.errors import Refused
from billing.sandbox.resources import cards, charges, disputes, refunds
from billing.sandbox.store import Row

DAY = 24 * 3600

Form = dict[str, str]


def state(account: Account) -> Row:
    return {
        "now": account.now(),
        "faults": faults.current(account.store),
        "undelivered_events": sorted(account.store.undelivered()),
    }


def act(account: Account, path: str, form: Form) -> Row:
    """Do what the path under /control/ says. Raises Refused for what cannot be."""
    for pattern, run in ACTIONS.items():
        found = re.fullmatch(pattern, path)
        if found:
            return run(account, *found.groups(), form)
    raise Refused(f"There is no such control: {path}.", status=404)


def charge_of(account: Account, object_id: str) -> str:
    """The id of the charge of a session or payment intent; of a charge its own."""
    row = account.store.find(object_id)
    while row is not None and row["object"] != charges.CHARGE:
        row = account.store.find(row.get("payment_intent") or row.get("latest_charge") or "")
    if row is None:
        raise Refused(f"There is no charge of {object_id}.", status=404, param="charge")
    return str(row["id"])


def _refund(account: Account, object_id: str, form: Form) -> Row:
    wanted: Row = {"charge": charge_of(account, object_id)}
    if form.get("amount"):
        wanted["amount"] = _number(form["amount"], "amount")
    return refunds.create(account, wanted)


def _dispute(account: Account, object_id: str, form: Form) -> Row:
    amount = _number(form["amount"], "amount") if form.get("amount") else None
    return disputes.open_dispute(
        account,
        charge_of(account, object_id),
        reason=form.get("reason", "fraudulent"),
        amount=amount,
        inquiry=form.get("inquiry") == "on",
    )


def _warn(account: Account, object_id: str, _form: Form) -> Row:
    return disputes.warn(account, charge_of(account, object_id))


def _finish_refund(account: Account, refund_id: str, form: Form) -> Row:
    return refunds.finish(account, refund_id, form.get("status", "succeeded"))


def _judge(account: Account, dispute_id: str, verdict: str, _form: Form) -> Row:
    if verdict == "escalate":
        return disputes.escalate(account, dispute_id)
    return disputes.close(account, dispute_id, won=verdict == "win")


def _set_outcome(account: Account, method_id: str, form: Form) -> Row:
    """What the card does from now on."""
    method = account.get(cards.METHOD, method_id)
    if form.get("outcome") not in cards.OUTCOMES:
        raise Refused(f"Outcomes are {', '.join(cards.OUTCOMES)}.", param="outcome")
    return account.put({**method, "_outcome": form["outcome"]})


def _advance(account: Account, form: Form) -> Row:
    days, seconds = form.get("days") or "0", form.get("seconds") or "0"
    clock.advance(account, _number(days, "days") * DAY + _number(seconds, "seconds"))
    return state(account)


def _set_faults(account: Account, form: Form) -> Row:
    faults.change(account.store, form)
    return state(account)


def _resend(account: Account, event_id: str, _form: Form) -> Row:
    event = account.get(EVENT, event_id)
    account.store.forget_lost(event_id)
    account.store.queue(event_id)
    return event


def _number(value: str, name: str) -> int:
    if not re.fullmatch(r"\d{1,10}", value):
        raise Refused("A whole number is needed.", param=name)
    return int(value)


ACTIONS: dict[str, Callable[..., Row]] = {
    r"charges/(\w+)/refund": _refund,
    r"charges/(\w+)/dispute": _dispute,
    r"charges/(\w+)/warn": _warn,
    r"refunds/(\w+)/finish": _finish_refund,
    r"disputes/(\w+)/(win|lose|escalate)": _judge,
    r"cards/(\w+)/outcome": _set_outcome,
    r"clock/advance": _advance,
    r"faults": _set_faults,
    r"events/(\w+)/resend": _resend,
}
