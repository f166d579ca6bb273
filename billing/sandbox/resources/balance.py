"""The account's balance: each movement of money leaves one balance transaction."""

from __future__ import annotations

from decimal import Decimal

from billing.sandbox.account import Account
from billing.sandbox.api.lists import listing
from billing.sandbox.api.route import retrieving
from billing.sandbox.resources.amounts import share
from billing.sandbox.store import Row

TRANSACTION = "balance_transaction"
PATH = "/v1/balance_transactions"
FEE = Decimal("0.029")
SETTLES_AFTER_SECONDS = 2 * 24 * 3600


def record(
    account: Account, amount: int, *, kind: str, of: Row, category: str = "", fee: int = 0
) -> Row:
    """`kind` is Stripe's type of it, `category` its reporting category where that differs."""
    currency = of["currency"]
    fees = {"application": None, "description": "Fees", "type": "stripe_fee", "currency": currency}
    return account.new(
        TRANSACTION,
        "txn",
        {
            "amount": amount,
            "available_on": account.now() + SETTLES_AFTER_SECONDS,
            "balance_type": "payments",
            "currency": currency,
            "description": of.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [{**fees, "amount": fee}] if fee else [],
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": of["id"],
            "status": "pending",
            "type": kind,
        },
    )


def fee_of(amount: int) -> int:
    return share(amount, FEE)


ROUTES = (
    listing(TRANSACTION, PATH, "BalanceTransactionListParams", by="currency source type"),
    retrieving(TRANSACTION, PATH, "BalanceTransactionRetrieveParams"),
)
