from __future__ import annotations

from billing.sandbox.account import ACCOUNT_ID, Account
from billing.sandbox.api.route import Route
from billing.sandbox.store import Row


def retrieve_current(_account: Account, _wanted: Row) -> Row:
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_profile": {"name": "Payment sandbox", "url": None},
        "business_type": None,
        "capabilities": {"card_payments": "active", "sepa_debit_payments": "active"},
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


ROUTES = (Route("GET", "/v1/account", "AccountRetrieveCurrentParams", "", retrieve_current),)
