"""Prices: the amount never changes. Another amount is another price."""

from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.lists import PAGING, page
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import Refused
from billing.sandbox.resources import products
from billing.sandbox.resources.amounts import check_amount
from billing.sandbox.resources.changes import applied
from billing.sandbox.store import Row

PRICE = "price"
PATH = "/v1/prices"
# The parts of price_data that may stand in a line item, too.
DATA = "currency unit_amount tax_behavior product recurring.interval recurring.interval_count"
LOOKUP = "lookup_key transfer_lookup_key"


def create(account: Account, wanted: Row) -> Row:
    if ("product" in wanted) == ("product_data" in wanted):
        raise Refused("You must specify either `product` or `product_data`.", param="product")
    if "unit_amount" not in wanted:
        raise Refused(
            "Missing required param: unit_amount.", code="parameter_missing", param="unit_amount"
        )
    _take_lookup_key(account, wanted)
    row = make(account, wanted, param="")
    account.emit("price.created", row)
    return row


def make(account: Account, data: Row, *, param: str, active: bool = True) -> Row:
    """A price out of `price_data`, whose place in the request is `param`."""
    inside = f"{param}[{{}}]" if param else "{}"
    check_amount(data["unit_amount"], data["currency"], param=inside.format("unit_amount"))
    if "product" in data:
        product = account.get(products.PRODUCT, data["product"], param=inside.format("product"))
    else:
        product = products.make(account, data["product_data"])
    recurring = data.get("recurring")
    price: Row = {
        "active": data.get("active", active),
        "billing_scheme": "per_unit",
        "currency": data["currency"],
        "custom_unit_amount": None,
        "lookup_key": data.get("lookup_key"),
        "metadata": data.get("metadata") or {},
        "nickname": data.get("nickname"),
        "product": product["id"],
        "recurring": _recurring(recurring) if recurring else None,
        "tax_behavior": data.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }
    return account.new(PRICE, "price", price)


def update(account: Account, wanted: Row, price_id: str) -> Row:
    row = account.get(PRICE, price_id)
    if "tax_behavior" in wanted and row["tax_behavior"] not in (
        "unspecified",
        wanted["tax_behavior"],
    ):
        raise Refused("The tax behavior of a price cannot be changed.", param="tax_behavior")
    _take_lookup_key(account, wanted)
    return account.changed("price.updated", applied(row, wanted))


def list_all(account: Account, wanted: Row) -> Row:
    narrow = {
        name: wanted[name] for name in ("active", "currency", "product", "type") if name in wanted
    }
    keys = wanted.get("lookup_keys")
    rows = [row for row in account.all(PRICE, **narrow) if not keys or row["lookup_key"] in keys]
    return page(rows, wanted, url=PATH)


def _recurring(wanted: Row) -> Row:
    return {
        "interval": wanted["interval"],
        "interval_count": wanted.get("interval_count", 1),
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _take_lookup_key(account: Account, wanted: Row) -> None:
    transfer = wanted.pop("transfer_lookup_key", False)
    if not wanted.get("lookup_key"):
        return
    for holder in account.all(PRICE, lookup_key=wanted["lookup_key"]):
        if not transfer:
            raise Refused(
                f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key"
            )
        account.changed("price.updated", {**holder, "lookup_key": None})


ROUTES = (
    Route(
        "POST",
        PATH,
        "PriceCreateParams",
        f"{DATA} {LOOKUP} active metadata nickname product_data.name product_data.metadata "
        "product_data.tax_code product_data.statement_descriptor product_data.unit_label",
        create,
    ),
    Route(
        "GET",
        PATH,
        "PriceListParams",
        f"created {PAGING} active currency product type lookup_keys",
        list_all,
    ),
    retrieving(PRICE, PATH, "PriceRetrieveParams"),
    Route(
        "POST",
        f"{PATH}/{{}}",
        "PriceUpdateParams",
        f"active metadata nickname tax_behavior {LOOKUP}",
        update,
    ),
)
