"""Sessions that take money once: what a buyer does, and what follows."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.checkout import buyer, sessions, totals
from billing.sandbox.errors import Refused
from billing.sandbox.resources import cards, intents, invoices, promotions
from billing.sandbox.store import Row


def pay(account: Account, session: Row, *, card: str) -> Row:
    """A card that refuses leaves the session open for another try."""
    _enter(account, session)
    if not session["amount_total"]:
        return _complete(account, session, None, "no_payment_required")
    method = cards.make_card(account, card, details=buyer.billing(session))
    intent = _intent(account, session)
    if not method["_can_be_saved"]:
        intents.fail(account, intent, method)
        return account.put(session)
    intents.succeed(account, intent, method)
    return _complete(account, session, intent, "paid")


def pay_later(account: Account, session_id: str) -> Row:
    """A delayed method, such as a bank debit: the session completes, the money does not."""
    session = sessions.opened(account, session_id)
    _enter(account, session)
    if not session["amount_total"]:
        raise Refused("There is nothing to pay later.")
    if "sepa_debit" not in session["payment_method_types"]:
        raise Refused("This shop takes no delayed payment methods.")
    method = cards.make_bank_debit(account, details=buyer.billing(session))
    intent = _intent(account, session)
    intents.process(account, intent, method)
    return _complete(account, session, intent, "unpaid")


def arrive(account: Account, session_id: str) -> Row:
    session, intent, method = _waiting(account, session_id)
    intents.succeed(account, intent, method)
    session["payment_status"] = "paid"
    _invoice(account, session, intent)
    return account.changed("checkout.session.async_payment_succeeded", session)


def come_to_nothing(account: Account, session_id: str) -> Row:
    session, intent, method = _waiting(account, session_id)
    intents.fail(account, intent, {**method, "_outcome": "insufficient_funds"})
    return account.changed("checkout.session.async_payment_failed", session)


def apply_code(account: Account, session_id: str, code: str = "") -> Row:
    session = sessions.opened(account, session_id)
    if not session["allow_promotion_codes"]:
        raise Refused("This shop takes no promotion codes here.")
    found = promotions.by_code(account, code)
    if found is None:
        raise Refused("This code is not valid.")
    subtotal = totals.subtotal(session)
    promotions.check_code(account, found, subtotal=subtotal, session=session)
    session["discounts"] = [{"coupon": found["promotion"]["coupon"], "promotion_code": found["id"]}]
    totals.add_up(account, session, is_taxed=False)
    session["payment_status"] = "unpaid" if session["amount_total"] else "no_payment_required"
    return account.put(session)


def is_waiting(account: Account, session: Row) -> bool:
    intent = account.store.find(session["payment_intent"] or "")
    return intent is not None and intent["status"] == "processing"


def _waiting(account: Account, session_id: str) -> tuple[Row, Row, Row]:
    session = account.get(sessions.SESSION, session_id)
    if not is_waiting(account, session):
        raise Refused("No payment is on its way.")
    intent = account.get(intents.INTENT, session["payment_intent"])
    return session, intent, account.get(cards.METHOD, intent["payment_method"])


def _enter(account: Account, session: Row) -> None:
    buyer.enter(account, session)
    totals.settle_tax(account, session)


def _intent(account: Account, session: Row) -> Row:
    """The session's payment intent: made when the buyer first tries to pay."""
    amount = {"amount": session["amount_total"]}
    if session["payment_intent"]:
        return {**account.get(intents.INTENT, session["payment_intent"]), **amount}
    data = session["_payment_intent_data"]
    fields = {
        **amount,
        **data,
        "metadata": data.get("metadata") or {},
        "currency": session["currency"],
        "customer": session["customer"],
        "_session": session["id"],
    }
    intent = intents.make(account, fields)
    session["payment_intent"] = intent["id"]
    return intent


def _complete(account: Account, session: Row, intent: Row | None, status: str) -> Row:
    session.update(status="complete", payment_status=status, url=None)
    promotions.redeem(account, session["discounts"])
    if status != "unpaid":
        _invoice(account, session, intent)
    return account.changed("checkout.session.completed", session)


def _invoice(account: Account, session: Row, intent: Row | None) -> None:
    if not session["invoice_creation"]["enabled"]:
        return
    now = account.now()
    lines = [invoices.line(item, period={"start": now, "end": now}) for item in session["_items"]]
    fields = {
        "billing_reason": "manual",
        "currency": session["currency"],
        "customer": session["customer"],
        "customer_email": session["customer_details"]["email"],
        "metadata": session["invoice_creation"]["invoice_data"]["metadata"],
    }
    invoice = invoices.make(account, fields, lines)
    session["invoice"] = invoice["id"]
    invoices.pay(account, invoice, intent)
