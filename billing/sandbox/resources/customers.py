from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.lists import PAGING, page
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import missing
from billing.sandbox.resources.changes import applied
from billing.sandbox.store import Row

CUSTOMER = "customer"
PATH = "/v1/customers"
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
WRITABLE = (
    "address description email metadata name phone preferred_locales tax_exempt "
    "invoice_settings.default_payment_method"
)


def create(account: Account, wanted: Row) -> Row:
    customer: Row = {
        "address": None,
        "balance": 0,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": "SANDBOX",
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    row = account.new(CUSTOMER, "cus", _written(customer, wanted))
    account.emit("customer.created", row)
    return row


def update(account: Account, wanted: Row, customer_id: str) -> Row:
    row = living(account, customer_id, param="id")
    default = wanted.get("invoice_settings", {}).get("default_payment_method")
    if default:
        account.get("payment_method", default, param="invoice_settings[default_payment_method]")
    return account.changed("customer.updated", _written(row, wanted))


def list_all(account: Account, wanted: Row) -> Row:
    narrow = {"email": wanted["email"]} if "email" in wanted else {}
    rows = [row for row in account.all(CUSTOMER, **narrow) if not row.get("deleted")]
    return page(rows, wanted, url=PATH)


def living(account: Account, customer_id: str, *, param: str = "customer") -> Row:
    """Raises Refused for a customer that was deleted: nothing can be done with it any more."""
    row = account.get(CUSTOMER, customer_id, param=param)
    if row.get("deleted"):
        raise missing(CUSTOMER, customer_id, param=param)
    return row


def _written(row: Row, wanted: Row) -> Row:
    settings = {**row["invoice_settings"], **wanted.pop("invoice_settings", {})}
    settings["default_payment_method"] = settings["default_payment_method"] or None
    address = wanted.get("address")
    if address:
        wanted["address"] = {name: address.get(name) or None for name in ADDRESS}
    return {**applied(row, wanted), "invoice_settings": settings}


ROUTES = (
    Route("POST", PATH, "CustomerCreateParams", WRITABLE, create),
    Route("GET", PATH, "CustomerListParams", f"created email {PAGING}", list_all),
    retrieving(CUSTOMER, PATH, "CustomerRetrieveParams"),
    Route("POST", f"{PATH}/{{}}", "CustomerUpdateParams", WRITABLE, update),
)
