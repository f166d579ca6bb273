"""A customer is deleted: their subscriptions end, their cards are of no use any more."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.route import Route
from billing.sandbox.resources import customers, methods, subscriptions
from billing.sandbox.resources.cards import METHOD
from billing.sandbox.store import Row


def delete(account: Account, _wanted: Row, customer_id: str) -> Row:
    customers.living(account, customer_id, param="id")
    for row in account.all(subscriptions.SUBSCRIPTION, customer=customer_id):
        if row["status"] in subscriptions.LIVING:
            subscriptions.end(account, row, reason="cancellation_requested")
    for method in account.all(METHOD, customer=customer_id):
        methods.detach(account, {}, method["id"])
    customer = account.get(customers.CUSTOMER, customer_id)
    account.changed("customer.deleted", customer)
    return account.put({**customer, "deleted": True})


ROUTES = (Route("DELETE", f"{customers.PATH}/{{}}", "CustomerDeleteParams", "", delete),)
