"""Moving credits. All amounts are micro-credits.

Every function that moves joins the caller's transaction and refuses to run outside one: money and
the state it belongs to change together or not at all. The same key again changes nothing; with
another amount, account or kind it raises KeyReused. Lock order: generation or order, then credit
account, then hold.

Credits come in lots: each grant is one, with its own expiry. The database itself spends them, what
expires first and, of equals, what was given before what was bought. What is taken back after it
was spent is a debt of the account; whatever becomes free repays it, before anything else.
"""

from __future__ import annotations

from billing.credits.accounts import Balance, account_of, balance, freeze, unfreeze
from billing.credits.holds import hold, refund, release, settle
from billing.credits.movements import (
    ClawBack,
    adjust,
    claw_back,
    expire,
    forgive,
    grant,
    restore,
)
from billing.credits.posting import repayment_key
from billing.errors import (
    AccountFrozen,
    AlreadySettled,
    InDebt,
    InsufficientCredits,
    KeyReused,
    RefundTooLarge,
    UnknownGrant,
)

__all__ = [
    "AccountFrozen",
    "AlreadySettled",
    "Balance",
    "ClawBack",
    "InDebt",
    "InsufficientCredits",
    "KeyReused",
    "RefundTooLarge",
    "UnknownGrant",
    "account_of",
    "adjust",
    "balance",
    "claw_back",
    "expire",
    "forgive",
    "freeze",
    "grant",
    "hold",
    "refund",
    "release",
    "repayment_key",
    "restore",
    "settle",
    "unfreeze",
]
