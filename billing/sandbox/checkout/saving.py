"""Sessions that keep a card, and charge nothing."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.checkout import buyer
from billing.sandbox.resources import cards, setups
from billing.sandbox.store import Row


def save(account: Account, session: Row, *, card: str) -> Row:
    """Raises nothing for a refused card: the session stays open for another try."""
    buyer.enter(account, session)
    method = cards.make_card(account, card, details=buyer.billing(session))
    setup = account.get(setups.SETUP, session["setup_intent"])
    setup["customer"] = session["customer"]
    if setups.attempt(account, setup, method):
        return account.put(session)
    session.update(status="complete", url=None)
    return account.changed("checkout.session.completed", session)
