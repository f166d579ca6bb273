from __future__ import annotations

from billing.sandbox.account import Account
from billing.sandbox.api.lists import listing
from billing.sandbox.api.route import Route, retrieving
from billing.sandbox.errors import Refused
from billing.sandbox.resources.changes import applied
from billing.sandbox.store import Row

PRODUCT = "product"
PATH = "/v1/products"
WRITABLE = "active description images metadata name statement_descriptor tax_code unit_label url"


def create(account: Account, wanted: Row) -> Row:
    product_id = wanted.pop("id", None)
    if product_id and account.store.find(product_id):
        raise Refused("Product already exists.", code="resource_already_exists", param="id")
    row = make(account, {**wanted, **({"id": product_id} if product_id else {})})
    account.emit("product.created", row)
    return row


def make(account: Account, fields: Row) -> Row:
    product: Row = {
        "active": True,
        "default_price": None,
        "description": None,
        "images": [],
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": account.now(),
        "url": None,
    }
    return account.new(PRODUCT, "prod", applied(product, fields))


def update(account: Account, wanted: Row, product_id: str) -> Row:
    row = {**account.get(PRODUCT, product_id), "updated": account.now()}
    return account.changed("product.updated", applied(row, wanted))


ROUTES = (
    Route("POST", PATH, "ProductCreateParams", f"{WRITABLE} id", create),
    listing(PRODUCT, PATH, "ProductListParams", by="active"),
    retrieving(PRODUCT, PATH, "ProductRetrieveParams"),
    Route("POST", f"{PATH}/{{}}", "ProductUpdateParams", WRITABLE, update),
)
