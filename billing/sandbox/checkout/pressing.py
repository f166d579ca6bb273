"""Whatever a session is for: the card that is given, or the one that is refused."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.checkout import paying, saving, sessions, subscribing
from billing.sandbox.errors import Refused
from billing.sandbox.resources.cards import CARDS
from billing.sandbox.store import Row

BY_MODE = {"payment": paying.pay, "setup": saving.save, "subscription": subscribing.subscribe}


def pay(account: Account, session_id: str, *, card: str = "pm_card_visa") -> Row:
    session = sessions.opened(account, session_id)
    if card not in CARDS:
        raise Refused(f"There is no test card {card}.", param="card")
    return BY_MODE[session["mode"]](account, session, card=card)


def decline(account: Account, session_id: str) -> Row:
    return pay(account, session_id, card="pm_card_chargeDeclined")
