"""Sessions of the customer portal."""

from __future__ import annotations

from billing.sandbox.account import HERE, Account
from billing.sandbox.api.route import Route
from billing.sandbox.resources import customers
from billing.sandbox.store import Row

PORTAL = "billing_portal.session"
PATH = "/v1/billing_portal/sessions"


def create(account: Account, wanted: Row) -> Row:
    customer = customers.living(account, wanted["customer"])
    row = account.new(
        PORTAL,
        "bps",
        {
            "configuration": "bpc_sandbox",
            "customer": customer["id"],
            "flow": None,
            "locale": wanted.get("locale"),
            "on_behalf_of": None,
            "return_url": wanted.get("return_url"),
        },
    )
    row["url"] = f"{HERE}/portal/{row['id']}"
    return account.put(row)


ROUTES = (
    Route(
        "POST",
        PATH,
        "billing_portal.SessionCreateParams",
        "customer return_url locale",
        create,
    ),
)
